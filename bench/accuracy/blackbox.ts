/** The exporter at the same target, as often as ours. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Measured } from '../contender.ts';
import { EXPORTER, startExporter } from '../exporter.ts';
import type { Prober } from '../process.ts';

const CONNECTIONS = 64;

/** Its first byte is what it calls `processing`: from the connection to the first byte of the answer. */
export function measuredOf(metrics: string): Measured {
  const bytes = Number(/^probe_http_content_length (\S+)$/mu.exec(metrics)?.[1]);
  const phases = new Map(
    [...metrics.matchAll(/^probe_http_duration_seconds\{phase="(\w+)"\} (\S+)$/gmu)].map(
      ([, phase = '', seconds]): [string, number] => [phase, Number(seconds) * 1000],
    ),
  );
  const firstByteMs = phases.get('processing');
  if (firstByteMs === undefined || !(bytes > 0)) throw new Error(`no figures in: ${metrics}`);
  const latencyMs = phases.values().reduce((sum, ms) => sum + ms, 0);
  return { bytes, firstByteMs, latencyMs, counts: true, heldUpMs: null };
}

export async function startBlackbox(program: string, url: string, perSecond: number): Promise<Prober> {
  const exporter = await startExporter(program, null, CONNECTIONS);
  return {
    name: EXPORTER,
    async measure(ms) {
      const fromMs = performance.now();
      const asked: Promise<string>[] = [];
      for (let dueMs = 0; dueMs < ms; dueMs += 1000 / perSecond) {
        const waitMs = fromMs + dueMs - performance.now();
        if (waitMs > 0) await delay(waitMs);
        asked.push(exporter.probe(url));
      }
      return (await Promise.all(asked)).map(measuredOf);
    },
    [Symbol.asyncDispose]: () => exporter[Symbol.asyncDispose](),
  };
}
