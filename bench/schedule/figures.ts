/** Ten thousand probes in one process: how late their runs begin, and what memory they hold. */
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openStore } from '../../store/open.ts';
import { FULL, type Finding, type Limit, type Run } from '../figure.ts';
import { FRESH } from '../http/asked.ts';
import { startServer } from '../process.ts';
import { built, SOURCE, startedText, startOptions } from '../started.ts';
import { watch } from './watched.ts';

interface Size {
  readonly probes: number;
  readonly everyMs: number;
  /** Long enough for every probe to have run. */
  readonly forMs: number;
}

const WHOLE: Size = { probes: 10_000, everyMs: 60_000, forMs: 80_000 };
/** As many runs a second, of a tenth of the probes. */
const SMALL: Size = { probes: 1000, everyMs: 6000, forMs: 9000 };

const GOAL_LATE_MS = 5;
const GOAL_MB = 300;
const PEER = 'setTimeout + bare undici request';

interface Seen {
  readonly latenessMs: readonly number[];
  readonly peakMB: number;
  readonly note: string;
}

export async function scheduleFigures({ effort, signal, folder }: Run): Promise<readonly Finding[]> {
  const isFull = effort.rounds >= FULL.rounds;
  const size = isFull ? WHOLE : SMALL;
  const main = isFull ? await built(signal) : SOURCE;
  await using target = await startServer(new URL('../http/target.ts', import.meta.url), [FRESH]);
  const url = `http://127.0.0.1:${target.port}/api/v1/status`;
  const ours = await scheduled(main, url, size, folder, signal);
  const theirs = await bare(url, size, signal);
  const limit = (id: string, unit: string, value: number, beside: number, goal: number): Limit => ({
    id: `schedule-${id}`,
    title: `${size.probes.toLocaleString('en-US')} probes, each every ${size.everyMs / 1000} s`,
    unit,
    value,
    goal,
    met: value <= goal,
    peer: PEER,
    theirs: beside,
    note: null,
  });
  return [
    {
      ...limit('lateness', 'lateness, p99, ms', p99(ours.latenessMs), p99(theirs.latenessMs), GOAL_LATE_MS),
      note: ours.note,
    },
    limit('memory', 'resident memory at most, MB', ours.peakMB, theirs.peakMB, GOAL_MB),
  ];
}

/** `pulsedrill run` on a configuration and a ledger of its own; what it did is read from the ledger. */
async function scheduled(main: string, url: string, size: Size, parent: string, signal: AbortSignal): Promise<Seen> {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'schedule-'));
  try {
    const config = join(folder, 'pulsedrill.config.mjs');
    writeFileSync(config, configuration(url, size));
    const args = [...startOptions(main), main, 'run', '--config', config];
    const { peakMB } = await watch(args, size.forMs, signal);
    await using store = await openStore({ path: join(folder, 'ledger.db'), objectives: [], readOnly: true });
    const latenessMs: number[] = [];
    const others = new Map<string, number>();
    const asked = new Set<string>();
    for await (const { probe, outcome, reason, latenessMs: lateMs } of store.results({ fromMs: 0, toMs: Infinity })) {
      asked.add(probe);
      if (outcome !== 'skipped') latenessMs.push(lateMs);
      if (outcome !== 'good') others.set(reason ?? outcome, (others.get(reason ?? outcome) ?? 0) + 1);
    }
    if (asked.size !== size.probes) throw new Error(`${asked.size} of ${size.probes} probes have a run`);
    const counts = [...others].map(([reason, count]) => `, ${count} ${reason}`).join('');
    return { latenessMs, peakMB, note: `${latenessMs.length} runs${counts}; ${startedText(main)}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In JavaScript, as nobody writes ten thousand probes by hand. */
function configuration(url: string, { probes, everyMs }: Size): string {
  const shared = {
    kind: 'http',
    service: 'client-api',
    url,
    every: `${everyMs}ms`,
    timeout: '5s',
    expect: [{ status: 200 }],
  };
  return `const shared = ${JSON.stringify(shared)};
export default {
  listen: false,
  store: { ledger: './ledger.db' },
  probes: Array.from({ length: ${probes} }, (_, n) => ({ id: 'status-' + n, ...shared })),
};
`;
}

async function bare(url: string, { probes, everyMs, forMs }: Size, signal: AbortSignal): Promise<Seen> {
  const module = fileURLToPath(new URL('./bare.ts', import.meta.url));
  const { stdout, peakMB } = await watch([module, url, String(probes), String(everyMs)], forMs, signal);
  const { latenessMs, wrong } = z
    .object({ latenessMs: z.array(z.number()), wrong: z.number() })
    .parse(JSON.parse(stdout));
  if (wrong > 0) throw new Error(`${PEER}: ${wrong} of ${latenessMs.length} answers were wrong`);
  return { latenessMs, peakMB, note: '' };
}

/** By nearest rank. @throws RangeError without values. */
function p99(values: readonly number[]): number {
  const found = values.toSorted((a, b) => a - b)[Math.ceil(0.99 * values.length) - 1];
  if (found === undefined) throw new RangeError('no runs');
  return found;
}
