/** `--from` and `--to` of what is over: half-open, of whole steps, so that two ranges that meet count nothing twice. */
import { span } from '../../reports/figures.ts';
import { wholeSteps, type Stretch } from '../../slo/ranges.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { Args } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';
import { moment } from './moment.ts';

export interface ClosedRangeOptions {
  readonly base: TimeBase;
  readonly nowMs: number;
  /** Where `--to` is not given. */
  readonly toMs: number;
  /** Real ms before the end, where `--from` is not given. */
  readonly lengthMs: number;
}

/** @param what the command. @throws CommandError */
export function closedRange(
  what: string,
  args: Args,
  { base, nowMs, toMs: otherwiseMs, lengthMs }: ClosedRangeOptions,
): Stretch {
  const toMs = moment(args, 'to', otherwiseMs, nowMs);
  const fromMs = moment(args, 'from', toMs - lengthMs, toMs);
  if (fromMs >= toMs) {
    throw new CommandError(`${what}: expected --from before --to, got the reverse`, EXIT.usage);
  }
  const whole = wholeSteps(base, { fromMs, toMs });
  if (whole.fromMs < whole.toMs) return whole;
  throw new CommandError(
    `${what}: expected a whole step (${span(base.minuteMs)}), by which counts are kept, between --from and --to, got ${span(toMs - fromMs)} within one`,
    EXIT.usage,
  );
}
