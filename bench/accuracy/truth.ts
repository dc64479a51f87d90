/** The target that knows the truth: `truth-server.c`, compiled where it is needed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findProgram } from '../program.ts';

export const COMPILER_HINT = 'cc is not on the PATH: apt-get install -y --no-install-recommends gcc libc6-dev';

export function findCompiler(): string | null {
  return findProgram('cc');
}

/** What one answer really took, in ms. */
export interface Truth {
  /** Request arrived → answer left, by the kernel's time stamps. */
  readonly ms: number;
  /** Seeded; the server may have waited longer. */
  readonly meantMs: number;
}

export interface TruthServer extends AsyncDisposable {
  readonly url: string;
  /** By the number of bytes in the answer's body; forgotten at the next `forget`. */
  truthOf(bytes: number): Promise<Truth>;
  forget(): void;
}

export interface Delays {
  readonly seed: number;
  readonly leastMs: number;
  readonly mostMs: number;
}

/** The kernel's stamps are of the wall clock, the server's own of the monotonic one; the two drift apart by less than this. */
const CLOCKS_APART_MS = 0.01;
/** The server says what it knows after it has answered: on a busy machine some time after. */
const PATIENCE_MS = 5000;

function truthOfLine(line: string): readonly [number, Truth] {
  const [number = Number.NaN, meantMs = Number.NaN, keptMs = Number.NaN, ms = Number.NaN] = line
    .split(' ')
    .map((text, index) => (index === 0 ? Number(text) : Number(text) / 1e6));
  // The wait lies within the kernel's interval: anything else is a clock that jumped, and no truth.
  if (!(ms >= keptMs - CLOCKS_APART_MS) || !(keptMs >= meantMs)) throw new Error(`not the truth: ${line}`);
  return [number, { ms, meantMs }];
}

export async function startTruth(compiler: string, { seed, leastMs, mostMs }: Delays): Promise<TruthServer> {
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-bench-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'truth-server');
  const source = fileURLToPath(new URL('./truth-server.c', import.meta.url));
  execFileSync(compiler, ['-O2', '-pthread', '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] });

  const nanoseconds = [leastMs, mostMs].map((ms) => String(Math.round(ms * 1e6)));
  const child = spawn(program, [String(seed), ...nanoseconds], { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  stack.defer(async () => {
    process.off('exit', end);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    end();
    await gone;
  });

  const truths = new Map<number, Truth>();
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve).once('close', () => reject(new Error('the truth server ended before it listened')));
  });
  let lie: unknown = null;
  lines.on('line', (line) => {
    try {
      truths.set(...truthOfLine(line));
    } catch (error) {
      lie ??= error;
    }
  });

  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${port}/`,
    async truthOf(bytes) {
      const untilMs = performance.now() + PATIENCE_MS;
      for (;;) {
        if (lie !== null) throw lie;
        const truth = truths.get(bytes);
        if (truth !== undefined) return truth;
        if (performance.now() > untilMs) throw new Error(`no truth about the answer of ${bytes} bytes`);
        await delay(5);
      }
    },
    forget: () => truths.clear(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
