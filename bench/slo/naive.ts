/**
 * The peer: what a script would do. It adds up the minutes of the window and of each lookback again, in floating point, and
 * divides; no intervals, no forecast, no exactness at the borders.
 */
import { performance } from 'node:perf_hooks';
import { answerOrders, Stopwatch } from '../contender.ts';
import { BASE, minutes, NOW_MS, OBJECTIVE } from './history.ts';

interface Minute {
  readonly atMs: number;
  readonly good: number;
  readonly bad: number;
}

const LOOKBACK_MINUTES = [5, 30, 60, 120, 360, 1440, 4320];
const steps: readonly Minute[] = minutes().map(({ atMs, good, bad }) => ({ atMs, good, bad }));
const allowed = 1 - Number(OBJECTIVE.target);
const endMs = (Math.floor(NOW_MS / BASE.minuteMs) + 1) * BASE.minuteMs;

function consumed(fromMs: number): number {
  let good = 0;
  let bad = 0;
  for (const step of steps) {
    if (step.atMs < fromMs) continue;
    good += step.good;
    bad += step.bad;
  }
  return bad / (good + bad) / allowed;
}

answerOrders((ms) => {
  const watch = new Stopwatch();
  const untilMs = performance.now() + ms;
  let evaluations = 0;
  do {
    const spent = consumed(endMs - OBJECTIVE.windowMs);
    const burn = LOOKBACK_MINUTES.map((minutes) => consumed(endMs - minutes * BASE.minuteMs));
    if (!(spent >= 0) || burn.some(Number.isNaN)) throw new Error('not a number');
    evaluations += 1;
  } while (performance.now() < untilMs);
  return watch.stop(evaluations);
});
