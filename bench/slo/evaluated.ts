/** Sixteen objectives from a ledger file: everything read again, the arithmetic of it alone, and one minute more. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createAccounts } from '../../store/accounts.ts';
import { openStore } from '../../store/open.ts';
import type { RollupAnswer, RollupQuery } from '../../store/store.ts';
import { spread } from '../arithmetic.ts';
import { FULL, type Finding, type Limit, type Run } from '../figure.ts';
import { BASE } from './history.ts';
import { END_MS, resultsOf, SIXTEEN } from './sixteen.ts';

const GOAL_FULL_MS = 150;
const GOAL_MINUTE_MS = 2;
/** Results are appended by the quarter of a day. */
const CHUNK_MINUTES = 360;

export async function evaluatedFigures({ effort, signal, folder: parent }: Run): Promise<readonly Finding[]> {
  const isFull = effort.rounds >= FULL.rounds;
  const days = isFull ? 90 : 3;
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'evaluated-'));
  try {
    await using store = await openStore({
      path: join(folder, 'ledger.db'),
      objectives: SIXTEEN,
      stepMs: BASE.minuteMs,
    });
    const minutes = days * 1440;
    for (let from = 0; from < minutes; from += CHUNK_MINUTES) {
      signal.throwIfAborted();
      await store.append([...resultsOf(days, { from, to: Math.min(minutes, from + CHUNK_MINUTES) })]);
    }
    const fullMs: number[] = [];
    const arithmeticMs: number[] = [];
    const answers: RollupAnswer[] = [];
    const recording = {
      rollups: async (query: RollupQuery) => {
        const answer = await store.rollups(query);
        answers.push(answer);
        return answer;
      },
    };
    for (let round = 0; round < effort.rounds + effort.warmUps; round += 1) {
      signal.throwIfAborted();
      fullMs.push(await timed(() => createAccounts(store, BASE).statuses(SIXTEEN, END_MS - 1)));
      answers.length = 0;
      await createAccounts(recording, BASE).statuses(SIXTEEN, END_MS - 1);
      const given = answers.values();
      const ready = { rollups: async () => given.next().value ?? Promise.reject(new Error('one answer is enough')) };
      arithmeticMs.push(await timed(() => createAccounts(ready, BASE).statuses(SIXTEEN, END_MS - 1)));
    }
    const minuteMs: number[] = [];
    const running = createAccounts(store, BASE);
    await running.statuses(SIXTEEN, END_MS - 1);
    // Two hours, so that hours end and begin meanwhile.
    for (let minute = 0; minute < 120; minute += 1) {
      signal.throwIfAborted();
      await store.append([...resultsOf(days, { from: minutes + minute, to: minutes + minute + 1 })]);
      const nowMs = END_MS + (minute + 1) * BASE.minuteMs - 1;
      minuteMs.push(await timed(() => running.statuses(SIXTEEN, nowMs)));
    }
    const title = `sixteen objectives, ${days} days of minutes`;
    const cold = `the first time in a process ${(fullMs[0] ?? 0).toFixed(0)} ms`;
    const warm = effort.warmUps;
    return [
      limit('slo-full', `${title}: in full from the ledger`, fullMs.slice(warm), isFull ? GOAL_FULL_MS : null, cold),
      limit('slo-arithmetic', `${title}: the arithmetic of it alone`, arithmeticMs.slice(warm), null, null),
      limit('slo-minute', `${title}: one minute more`, minuteMs, isFull ? GOAL_MINUTE_MS : null, null),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const fromMs = performance.now();
  await work();
  return performance.now() - fromMs;
}

function limit(id: string, title: string, ms: readonly number[], goal: number | null, more: string | null): Limit {
  const { median, low, high } = spread(ms);
  const range = `${low.toFixed(1)} … ${high.toFixed(1)} ms in ${ms.length} times`;
  return {
    id,
    title,
    unit: 'ms, median',
    value: median,
    goal,
    met: goal === null ? null : median <= goal,
    peer: null,
    theirs: null,
    note: more === null ? range : `${range}; ${more}`,
  };
}
