/** A real nginx of the test's own: own configuration, own folder, one process, a free loopback port. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, findProgram, freePort } from './servers.ts';

export interface NginxOptions {
  /** Files that the configuration names, by their names in nginx's folder. */
  readonly files: Readonly<Record<string, string>>;
  /** What stands inside `server { … }`; PORT is replaced. */
  readonly server: string;
}

export async function startNginx({
  files,
  server,
}: NginxOptions): Promise<{ readonly port: number } & AsyncDisposable> {
  const program = findProgram('nginx');
  if (program === null) throw new Error('nginx is not on the PATH');
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-nginx-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  const config = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
events {}
http { access_log off; ${temporary}
server { ${server.replaceAll('PORT', String(port)).replaceAll('FOLDER', folder)} } }`;
  writeFileSync(join(folder, 'nginx.conf'), config);
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(said);
      return (await accepts(port)) ? true : undefined;
    }, `nginx listens: ${said}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, [Symbol.asyncDispose]: stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
