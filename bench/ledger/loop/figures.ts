/** What keeping results adds to the delay of the event loop that measures: rounds with and without it, taking turns. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { median, turns } from '../../arithmetic.ts';
import { FULL, type Finding, type Limit, type Run } from '../../figure.ts';
import { FRESH } from '../../http/asked.ts';
import { startGauge, startServer, type Gauge } from '../../process.ts';
import { fillTo } from '../fill.ts';
import { BEHIND, carried } from './carried.ts';

const GOAL_MS = 2;
const GOAL_POINTS = 30_000;
const LOAD = '200 probes and 50,000 ticks a second';

export async function loopFigures({ effort, signal, folder: parent }: Run): Promise<readonly Finding[]> {
  const isFull = effort.rounds >= FULL.rounds;
  const [rounds, roundMs, behindRows] = isFull ? [5, 8000, 1_000_000] : [1, 1500, 100_000];
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'loop-'));
  try {
    await using target = await startServer(new URL('../../http/target.ts', import.meta.url), [FRESH]);
    await using sink = await startServer(new URL('./sink.ts', import.meta.url));
    const url = `http://127.0.0.1:${target.port}/`;
    fillTo(join(folder, BEHIND), behindRows, carried(url).objectives);
    const args = [url, `http://127.0.0.1:${sink.port}`, folder];
    const module = new URL('./measuring.ts', import.meta.url);
    await using kept = await startGauge('with the ledger', module, [...args, 'with']);
    await using behind = await startGauge('far behind', module, [...args, 'behind']);
    await using bare = await startGauge('without', module, [...args, 'without']);
    for (const gauge of [bare, behind, kept]) await gauge.read(Math.min(roundMs, 2000));
    const read = new Map([kept, behind, bare].map((gauge) => [gauge, new Array<Readonly<Record<string, number>>>()]));
    for (const gauge of turns([kept, bare, behind], rounds)) {
      signal.throwIfAborted();
      read.get(gauge)?.push(await gauge.read(roundMs));
    }
    const of = (gauge: Gauge, name: string): readonly number[] =>
      (read.get(gauge) ?? []).map((values) => values[name] ?? Number.NaN);
    const added = (id: string, title: string, gauge: Gauge): Limit => {
      const all = of(gauge, 'p999Ms').map((ms, round) => ms - (of(bare, 'p999Ms')[round] ?? Number.NaN));
      const value = Math.max(0, median(all));
      const sum = (name: string): number => of(gauge, name).reduce((total, each) => total + each, 0);
      const [good, other] = [sum('good'), sum('other')];
      // What is mostly late or skipped is another load.
      if (other > good)
        throw new Error(`${other} of ${good + other} runs were not good: this machine cannot carry the load`);
      return {
        id,
        title,
        unit: 'event-loop delay, p99.9, ms',
        value,
        goal: isFull ? GOAL_MS : null,
        met: isFull ? value <= GOAL_MS : null,
        peer: 'the same without them, its own p99.9',
        theirs: median(of(bare, 'p999Ms')),
        note: `by rounds ${all.map((ms) => ms.toFixed(2)).join(', ')}; p99 ${median(of(gauge, 'p99Ms')).toFixed(2)} and ${median(of(bare, 'p99Ms')).toFixed(2)} without; ${good + other} runs were kept, ${other} of them not good`,
      };
    };
    const pace = median(of(behind, 'pace'));
    return [
      added('loop', `${LOAD}: what ledger, exporter and evaluator add`, kept),
      added('loop-behind', `the same, the exporter ${behindRows.toLocaleString('en-US')} results behind`, behind),
      {
        id: 'loop-behind-pace',
        title: 'its pace meanwhile, to a server that discards',
        unit: 'points a second',
        value: pace,
        goal: isFull ? GOAL_POINTS : null,
        moreIsBetter: true,
        met: isFull ? pace >= GOAL_POINTS : null,
        peer: null,
        theirs: null,
        note: `by rounds ${of(behind, 'pace').map(Math.round).join(', ')}, the start of its thread included`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
