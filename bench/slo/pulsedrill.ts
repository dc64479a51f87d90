/** Ours: the whole status of an objective, exactly, from its account. */
import { performance } from 'node:perf_hooks';
import { answerOrders, Stopwatch } from '../contender.ts';
import { accountOf, minutes, NOW_MS } from './history.ts';

const account = accountOf(minutes());

answerOrders((ms) => {
  const watch = new Stopwatch();
  const untilMs = performance.now() + ms;
  let evaluations = 0;
  do {
    const { colour, consumed } = account.status(NOW_MS);
    if (colour === 'unknown' || consumed === null) throw new Error('ninety days of runs, and no colour');
    evaluations += 1;
  } while (performance.now() < untilMs);
  return watch.stop(evaluations);
});
