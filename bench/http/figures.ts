import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, type Finding, type Peer, type Run, type Skipped } from '../figure.ts';
import { startContender, startServer } from '../process.ts';
import { findProgram } from '../program.ts';
import { toArgs, type Asked } from './asked.ts';
import { findBlackbox, INSTALL, startBlackbox } from './blackbox.ts';
import { certify } from './certificate.ts';

const GOAL = 2;

interface Scheme {
  readonly id: 'http' | 'https';
  readonly title: string;
}

export function httpFigures(run: Run): Promise<readonly Finding[]> {
  return figuresOf({ id: 'http', title: 'http probe, fresh connection' }, [], null, run);
}

export async function httpsFigures(run: Run): Promise<readonly Finding[]> {
  const scheme: Scheme = { id: 'https', title: 'http probe, fresh TLS connection' };
  if (findProgram('openssl') === null) {
    const hint = 'openssl is not on the PATH: apt-get install -y --no-install-recommends openssl';
    return [skipped(scheme, 'blackbox', hint), skipped(scheme, 'undici', hint)];
  }
  using stack = new DisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'pulsedrill-bench-')), (path) =>
    rmSync(path, { recursive: true }),
  );
  const { key, cert } = certify(folder);
  return await figuresOf(scheme, [key, cert], cert, run);
}

const PEERS = { blackbox: 'prometheus-blackbox-exporter', undici: 'bare undici request' } as const;

function skipped({ id, title }: Scheme, peer: keyof typeof PEERS, hint: string): Skipped {
  return { id: `${id}-${peer}`, title, peer: PEERS[peer], skipped: hint };
}

async function figuresOf(
  scheme: Scheme,
  targetArgs: readonly string[],
  caFile: string | null,
  run: Run,
): Promise<readonly Finding[]> {
  const { id, title } = scheme;
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await startServer(new URL('./target.ts', import.meta.url), targetArgs));
  const asked: Asked = { url: `${id}://127.0.0.1:${target.port}/api/v1/status`, caFile };
  const start = async (name: string, file: string) =>
    stack.use(await startContender(name, new URL(file, import.meta.url), toArgs(asked)));

  const ours = await start('pulsedrill', './pulsedrill.ts');
  const undici = await start(PEERS.undici, './undici.ts');
  const peers: Peer[] = [{ id: `${id}-undici`, title, contender: undici, goal: null }];
  const program = findBlackbox();
  if (program !== null) {
    const blackbox = stack.use(await startBlackbox(program, asked));
    peers.unshift({ id: `${id}-blackbox`, title, contender: blackbox, goal: GOAL });
  }
  const figures = await compare(ours, peers, { unit: 'probes per CPU-second', per: 'cpu' }, run);
  return program === null ? [skipped(scheme, 'blackbox', INSTALL), ...figures] : figures;
}
