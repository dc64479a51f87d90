/** What keeping results adds to the delay of the event loop that measures: rounds with and without it, taking turns. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { median, turns } from '../../arithmetic.ts';
import { FULL, type Finding, type Run } from '../../figure.ts';
import { FRESH } from '../../http/asked.ts';
import { startGauge, startServer } from '../../process.ts';

const GOAL_MS = 2;

export async function loopFigures({ effort, signal, folder: parent }: Run): Promise<readonly Finding[]> {
  const isFull = effort.rounds >= FULL.rounds;
  const [rounds, roundMs] = isFull ? [5, 8000] : [1, 1500];
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'loop-'));
  try {
    await using target = await startServer(new URL('../../http/target.ts', import.meta.url), [FRESH]);
    await using sink = await startServer(new URL('./sink.ts', import.meta.url));
    const args = [`http://127.0.0.1:${target.port}/`, `http://127.0.0.1:${sink.port}`, folder];
    const module = new URL('./measuring.ts', import.meta.url);
    await using kept = await startGauge('with the ledger', module, [...args, 'with']);
    await using bare = await startGauge('without', module, [...args, 'without']);
    for (const gauge of [bare, kept]) await gauge.read(Math.min(roundMs, 2000));
    const read = new Map([kept, bare].map((gauge) => [gauge, new Array<Readonly<Record<string, number>>>()]));
    for (const gauge of turns([kept, bare], rounds)) {
      signal.throwIfAborted();
      read.get(gauge)?.push(await gauge.read(roundMs));
    }
    const of = (gauge: typeof kept, name: string) =>
      (read.get(gauge) ?? []).map((values) => values[name] ?? Number.NaN);
    const added = of(kept, 'p999Ms').map((ms, round) => ms - (of(bare, 'p999Ms')[round] ?? Number.NaN));
    const value = Math.max(0, median(added));
    const all = added.map((ms) => ms.toFixed(2)).join(', ');
    const sum = (name: string) => of(kept, name).reduce((total, each) => total + each, 0);
    const [good, other] = [sum('good'), sum('other')];
    // What is mostly late or skipped is another load.
    if (other > good)
      throw new Error(`${other} of ${good + other} runs were not good: this machine cannot carry the load`);
    return [
      {
        id: 'loop',
        title: '200 probes and 50,000 ticks a second: what ledger, exporter and evaluator add',
        unit: 'event-loop delay, p99.9, ms',
        value,
        goal: isFull ? GOAL_MS : null,
        met: isFull ? value <= GOAL_MS : null,
        peer: 'the same without them, its own p99.9',
        theirs: median(of(bare, 'p999Ms')),
        note: `by rounds ${all}; p99 ${median(of(kept, 'p99Ms')).toFixed(2)} and ${median(of(bare, 'p99Ms')).toFixed(2)} without; ${good + other} runs were kept, ${other} of them not good`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
