import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXPORTER, findExporter, INSTALL } from '../exporter.ts';
import { compare, type Finding, type Peer, type Run, type Skipped } from '../figure.ts';
import { startContender, startServer } from '../process.ts';
import { findProgram } from '../program.ts';
import { FRESH, KEPT, toArgs, type Asked } from './asked.ts';
import { startBlackbox } from './blackbox.ts';
import { certify, type CertificateFiles } from './certificate.ts';

/** Of probes on fresh connections against the exporter; aimed at is 3. */
const FRESH_GOAL = 2.5;
/** Of probes on kept connections against a loop that only asks. */
const KEPT_GOAL = 0.7;

interface Scheme {
  readonly id: 'http' | 'https';
  readonly title: string;
}

export function httpFigures(run: Run): Promise<readonly Finding[]> {
  return figuresOf({ id: 'http', title: 'http probe, fresh connection' }, null, run);
}

/** The exporter has no kept connections to compare with. */
export async function keptFigures(run: Run): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack();
  const { ours, undici } = await startPair(stack, { scheme: 'http', keepAlive: true, files: null });
  const peer = { id: 'kept', title: 'http probe, kept connection', contender: undici, goal: KEPT_GOAL };
  return await compare(ours, [peer], COST, run);
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
  return await figuresOf(scheme, certify(folder), run);
}

const PEERS = { blackbox: EXPORTER, undici: 'bare undici request' } as const;

function skipped({ id, title }: Scheme, peer: keyof typeof PEERS, hint: string): Skipped {
  return { id: `${id}-${peer}`, title, peer: PEERS[peer], skipped: hint };
}

const COST = { unit: 'probes per CPU-second', per: 'cpu' } as const;

interface Way {
  readonly scheme: 'http' | 'https';
  readonly keepAlive: boolean;
  readonly files: CertificateFiles | null;
}

async function startPair(stack: AsyncDisposableStack, { scheme, keepAlive, files }: Way) {
  const targetArgs = [keepAlive ? KEPT : FRESH, ...(files === null ? [] : [files.key, files.cert])];
  const target = stack.use(await startServer(new URL('./target.ts', import.meta.url), targetArgs));
  const url = `${scheme}://127.0.0.1:${target.port}/api/v1/status`;
  const asked: Asked = { url, keepAlive, caFile: files?.cert ?? null };
  const start = async (name: string, file: string) =>
    stack.use(await startContender(name, new URL(file, import.meta.url), toArgs(asked)));
  return {
    asked,
    ours: await start('pulsedrill', './pulsedrill.ts'),
    undici: await start(PEERS.undici, './undici.ts'),
  };
}

async function figuresOf(scheme: Scheme, files: CertificateFiles | null, run: Run): Promise<readonly Finding[]> {
  const { id, title } = scheme;
  await using stack = new AsyncDisposableStack();
  const { asked, ours, undici } = await startPair(stack, { scheme: id, keepAlive: false, files });
  const peers: Peer[] = [{ id: `${id}-undici`, title, contender: undici, goal: null }];
  const program = findExporter();
  if (program !== null) {
    const blackbox = stack.use(await startBlackbox(program, asked));
    peers.unshift({ id: `${id}-blackbox`, title, contender: blackbox, goal: FRESH_GOAL });
  }
  const figures = await compare(ours, peers, COST, run);
  return program === null ? [skipped(scheme, 'blackbox', INSTALL), ...figures] : figures;
}
