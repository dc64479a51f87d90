/** The peer that is what most people use: the exporter, asked over kept connections. */
import { cpuMsOf } from '../cpu.ts';
import { EXPORTER, startExporter } from '../exporter.ts';
import type { Contender } from '../process.ts';
import { CONCURRENCY, type Asked } from './asked.ts';

/** A round on a machine that has no time for us goes on until its CPU is well above the resolution of the clock. */
const LEAST_CPU_MS = 50;

export async function startBlackbox(program: string, { url, caFile }: Asked): Promise<Contender> {
  const exporter = await startExporter(program, caFile, CONCURRENCY);
  const { pid } = exporter;

  async function lane(untilMs: number): Promise<number> {
    let probes = 0;
    do {
      await exporter.probe(url);
      probes += 1;
    } while (performance.now() < untilMs);
    return probes;
  }

  return {
    name: EXPORTER,
    async round(ms) {
      const fromMs = performance.now();
      const cpuMs = cpuMsOf(pid);
      let operations = 0;
      do {
        const probes = await Promise.all(Array.from({ length: CONCURRENCY }, () => lane(fromMs + ms)));
        operations += probes.reduce((sum, count) => sum + count, 0);
      } while (cpuMsOf(pid) - cpuMs < LEAST_CPU_MS);
      return {
        operations,
        cpuMs: cpuMsOf(pid) - cpuMs,
        wallMs: performance.now() - fromMs,
      };
    },
    [Symbol.asyncDispose]: () => exporter[Symbol.asyncDispose](),
  };
}
