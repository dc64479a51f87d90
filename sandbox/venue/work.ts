import { drawMs } from '../distribution.ts';
import type { Random } from '../random.ts';
import { Histogram } from './histogram.ts';
import type { VenueKnobs } from './knobs.ts';

/** After a stop of the whole process at most this much is made up for. */
const MOST_MS = 1_000;

/**
 * What the platform does beside trading, as its own telemetry would tell of it: strategy jobs and their decisions, parity
 * checks of the data pipeline, registrations in the catalog. Nothing is computed; each outcome is drawn.
 */
export class Work {
  readonly jobs = { completed: 0, failed: 0 };
  readonly parity = { passed: 0, failed: 0 };
  readonly decisions = new Histogram([0.01, 0.025, 0.05, 0.08, 0.12, 0.25, 0.5, 1, 2.5]);
  readonly registrations = new Histogram([5, 10, 20, 30, 45, 60, 90, 120, 300]);
  #lastMs: number;
  #owed = 0;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  /** Does what is due by now: a job, its decision, a parity check and a registration each time. */
  advance(nowMs: number, knobs: VenueKnobs, random: Random): void {
    this.#owed += (Math.min(nowMs - this.#lastMs, MOST_MS) * knobs.jobsPerSecond) / 1000;
    this.#lastMs = nowMs;
    for (; this.#owed >= 1; this.#owed -= 1) {
      // Six draws each time, whatever the knobs say, so that turning one never shifts the others.
      this.jobs[random() < knobs.jobFailRatio ? 'failed' : 'completed'] += 1;
      this.parity[random() < knobs.parityFailRatio ? 'failed' : 'passed'] += 1;
      this.decisions.observe(drawMs(knobs.decisionLatency, random) / 1000);
      this.registrations.observe(drawMs(knobs.registrationDelay, random) / 1000);
    }
  }
}
