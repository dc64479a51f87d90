import { count, span } from './figures.ts';

/** Stands under the title whenever time was scaled: figures of a practice run must not pass for evidence. */
export function scaleWarning(scale: number): string {
  if (scale === 1) return '';
  const minute = span(60_000 / scale);
  const month = span((30 * 86_400_000) / scale);
  return [
    `> **TIME SCALE 1 : ${count(scale)} — PRACTICE, NOT EVIDENCE.** A minute of the policy lasted ${minute} on the clock, a window of 30 days ${month}.`,
    'Latencies, ages and times of day are real; windows, burn rates and hours until exhaustion are scaled.',
  ].join(' ');
}
