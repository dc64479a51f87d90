/**
 * Commands on a ledger of ten million runs, as a user starts them who installed the package: built, with the options of its first
 * line, from the start of the process to its last line; and its memory. The quick look starts the sources and builds nothing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { text } from 'node:stream/consumers';
import { spread } from '../../arithmetic.ts';
import { FULL, type Finding, type Limit, type Run } from '../../figure.ts';
import { built, SOURCE, startedText, startOptions } from '../../started.ts';
import { monthsFile, type Months } from './file.ts';

const GOAL_BUDGET_MS = 200;
const GOAL_REPORT_MS = 2000;
const GOAL_MB = 250;
const DAYS = 90;
const SMALL_DAYS = 1 / 12;
/** Says on its way out what the kernel knows of its memory. */
const PEAK =
  "data:text/javascript,process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS+'\\n'))";

export async function monthsFigures({ effort, signal, folder }: Run): Promise<readonly Finding[]> {
  const isFull = effort.rounds >= FULL.rounds;
  const [days, rounds] = isFull ? [DAYS, effort.rounds] : [SMALL_DAYS, 1];
  const main = isFull ? await built(signal) : SOURCE;
  const file = await monthsFile(folder, days, { nowMs: Date.now(), signal });
  const months = { ...file, main };
  try {
    const goals = isFull ? { budget: GOAL_BUDGET_MS, report: GOAL_REPORT_MS, mb: GOAL_MB } : null;
    const budget = ['budget'];
    const report = ['report', 'sla', '--from', `${Math.max(1, days)}d`];
    // Once for what the disk and the compiler keep.
    for (const words of [budget, report]) await timed(months, words, signal);
    const [startMs, budgetMs, reportMs]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round += 1) {
      startMs.push(await timed(months, null, signal));
      budgetMs.push(await timed(months, budget, signal));
      reportMs.push(await timed(months, report, signal));
    }
    const start = `Node alone starts and ends in ${spread(startMs).median.toFixed(0)} ms`;
    return [
      wall(months, 'budget', budgetMs, goals?.budget ?? null, start),
      wall(months, 'report', reportMs, goals?.report ?? null, 'charts included'),
      peak(months, 'budget', await peakMB(months, budget, signal), goals?.mb ?? null),
      peak(months, 'report', await peakMB(months, report, signal), goals?.mb ?? null),
    ];
  } finally {
    if (!isFull) rmSync(months.folder, { recursive: true, force: true });
  }
}

/** The ledger, and what is started on it. */
type Started = Months & { readonly main: string };

const TITLES = { budget: '`budget`', report: '`report sla`' } as const;

function titleOf({ runs, days }: Months, what: keyof typeof TITLES): string {
  const length = days < 1 ? `${Math.round(days * 24)} hours` : `${days} days`;
  return `${TITLES[what]} on ${runs.toLocaleString('en-US')} runs of ${length}`;
}

function wall(
  months: Started,
  what: keyof typeof TITLES,
  ms: readonly number[],
  goal: number | null,
  more: string,
): Limit {
  const { median, low, high } = spread(ms);
  const [load = 0] = loadavg();
  return {
    id: `months-${what}`,
    title: titleOf(months, what),
    unit: 'ms, median',
    value: median,
    goal,
    met: goal === null ? null : median <= goal,
    peer: null,
    theirs: null,
    note: `${low.toFixed(0)} … ${high.toFixed(0)} ms in ${ms.length} times, load ${load.toFixed(1)}; ${startedText(months.main)}; ${more}`,
  };
}

function peak(months: Started, what: keyof typeof TITLES, mb: number, goal: number | null): Limit {
  const met = goal === null ? null : mb <= goal;
  const title = titleOf(months, what);
  return {
    id: `months-${what}-memory`,
    title,
    unit: 'resident memory at most, MB',
    value: mb,
    goal,
    met,
    peer: null,
    theirs: null,
    note: null,
  };
}

function argsOf(main: string, words: readonly string[] | null): readonly string[] {
  return words === null ? ['-e', '0'] : [...startOptions(main), main, ...words];
}

async function timed(months: Started, words: readonly string[] | null, signal: AbortSignal): Promise<number> {
  const fromMs = performance.now();
  await run(months, argsOf(months.main, words), signal);
  return performance.now() - fromMs;
}

async function peakMB(months: Started, words: readonly string[], signal: AbortSignal): Promise<number> {
  const said = await run(months, ['--import', PEAK, ...argsOf(months.main, words)], signal);
  const kiB = Number(/^peak (\d+)$/m.exec(said)?.[1]);
  if (!Number.isInteger(kiB)) throw new TypeError(`no peak in ${JSON.stringify(said)}`);
  return (kiB * 1024) / 1e6;
}

/** @returns what it complained of. An objective that is missed is an exit code of 1, and no failure here. */
async function run({ folder, main }: Started, args: readonly string[], signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const config = args.includes(main) ? ['--config', join(folder, 'pulsedrill.config.yaml')] : [];
  const child = spawn(process.execPath, [...args, ...config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    signal,
  });
  const exited = once(child, 'exit');
  const [printed, complained] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  if (code !== 0 && code !== 1) throw new Error(`${args.join(' ')} ended with ${code}: ${complained}`);
  if (args.includes(main) && printed.trim() === '') throw new Error(`${args.join(' ')} printed nothing`);
  return complained;
}
