/** Ours: the whole status of an objective, exactly, from hourly groups. */
import { performance } from 'node:perf_hooks';
import { evaluate } from '../../slo/evaluate.ts';
import { answerOrders, Stopwatch } from '../contender.ts';
import { evaluateInput, minutes } from './history.ts';

const input = evaluateInput(minutes());

answerOrders((ms) => {
  const watch = new Stopwatch();
  const untilMs = performance.now() + ms;
  let evaluations = 0;
  do {
    const { colour, consumed } = evaluate(input);
    if (colour === 'unknown' || consumed === null) throw new Error('ninety days of runs, and no colour');
    evaluations += 1;
  } while (performance.now() < untilMs);
  return watch.stop(evaluations);
});
