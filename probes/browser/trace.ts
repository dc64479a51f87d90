import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { BrowserContext } from 'playwright';
import type { RedactionTask } from './redaction-worker.ts';

/** Requests are recorded only together with copies of the page, which are left out of what is kept. */
export async function startTrace(context: BrowserContext): Promise<void> {
  await context.tracing.start({ snapshots: true, screenshots: false, sources: false });
}

/** A trace as it was recorded, in a folder of this user's alone until it is disposed of. */
export interface RawTrace extends AsyncDisposable {
  readonly path: string;
}

export async function stopTrace(context: BrowserContext): Promise<RawTrace> {
  const folder = await mkdtemp(join(tmpdir(), 'pulsedrill-trace-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'raw.zip');
  try {
    await context.tracing.stop({ path });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: remove };
}

/** Megabytes; a trace that needs more is not kept. */
const MOST_MEMORY = 512;

/** Writes what may be kept of it, in a thread of its own: this one measures. */
export async function writeKept(raw: RawTrace, path: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  const task: RedactionTask = { from: raw.path, to: path, secrets };
  const worker = new Worker(new URL(`./redaction-worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: task,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY },
  });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error('the trace could not be rewritten'));
      });
    });
  } finally {
    await worker.terminate();
  }
}
