/** What Yellow makes of a probe's interval, and why: for `plan`. */
import { durationText } from '../probes/duration.ts';
import { targetPercent } from '../reports/figures.ts';
import { decimal, toFixed } from '../slo/decimal.ts';
import { mayBurn, type Objective } from '../slo/objective.ts';
import { autoChoice, informativeRatePerHour, type AutoChoice } from '../slo/sampling.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { PlannedProbe } from './config/configuration.ts';
import { orderFloorMs } from './config/timetable.ts';

export interface YellowChoice {
  /** `calendar`: it raises nothing. `written`: the configuration says. The others are what decided `auto`. */
  readonly decidedBy:
    | 'calendar'
    | 'written'
    | Exclude<AutoChoice['decidedBy'], 'cap'>
    | 'timeout'
    | 'fastest'
    | 'rate-cap';
  /** Null for calendars, and where it was written. */
  readonly fourTimesMs: number | null;
  /** Null where nothing of the service can burn. */
  readonly informativeMs: number | null;
  /** The strictest objective of the service, which would have to burn. */
  readonly objective: string | null;
  readonly says: string;
}

export function yellowChoice(
  probe: PlannedProbe,
  { base, objectives }: { readonly base: TimeBase; readonly objectives: readonly Objective[] },
): YellowChoice {
  const none = { fourTimesMs: null, informativeMs: null, objective: null };
  const { everyMs } = probe;
  if (everyMs === null) return { ...none, decidedBy: 'calendar', says: 'it runs by a calendar, which raises nothing' };
  if (probe.yellow !== 'auto') {
    return { ...none, decidedBy: 'written', says: `${durationText(probe.yellow)}, as the configuration says` };
  }
  const burning = objectives.filter((each) => each.service === probe.service && mayBurn(each));
  const targets = burning.map(({ target }) => target);
  const choice = autoChoice({ baseMs: everyMs, burning: targets, shortestMs: probe.floorMs, base });
  const { fourTimesMs, informativeMs } = choice;
  const strictest = strictestOf(burning);
  const cap = capOf(probe);
  const decidedBy = choice.decidedBy === 'cap' ? cap.name : choice.decidedBy;
  const four = `four times its rate (${durationText(fourTimesMs)})`;
  const informative =
    strictest === null || informativeMs === null
      ? 'no objective of its service can burn'
      : `${rateText(strictest)} an hour for ${strictest.id} at ${targetPercent(strictest.target)} (${durationText(informativeMs)})`;
  const decided: Record<AutoChoice['decidedBy'], string> = {
    'four-times': `${four} decides; ${informative}`,
    informative: `${informative} decides, more than ${four}`,
    cap: `${cap.text} decides; wanted: ${four}; ${informative}`,
    base: `its own interval decides, which is as short as it may be (${cap.text})`,
  };
  return {
    decidedBy,
    fourTimesMs,
    informativeMs,
    objective: strictest?.id ?? null,
    says: `auto is ${durationText(choice.ms)}: ${decided[choice.decidedBy]}`,
  };
}

function strictestOf(objectives: readonly Objective[]): Objective | null {
  const rate = ({ target }: Objective) => informativeRatePerHour(decimal(target));
  return objectives.reduce<Objective | null>(
    (a, b) => (a === null || rate(b).num * rate(a).den > rate(a).num * rate(b).den ? b : a),
    null,
  );
}

/** 3 / (2 (1 − T)), in policy time. */
function rateText({ target }: Objective): string {
  return `${toFixed(informativeRatePerHour(decimal(target)), 1).replace(/\.0$/, '')} runs`;
}

/** Which of its limits is the one that its shortest interval comes from. */
function capOf({ spec, floorMs, timeoutMs }: PlannedProbe): {
  readonly name: 'timeout' | 'fastest' | 'rate-cap';
  readonly text: string;
} {
  const at = durationText(floorMs);
  if (timeoutMs === floorMs) return { name: 'timeout', text: `its timeout (${at}: no run meets its successor)` };
  if (spec.fastest === floorMs) return { name: 'fastest', text: `fastest (${at})` };
  const { flatten, limits } = spec.kind === 'paper-order' ? spec : { flatten: false, limits: { maxPerMinute: 60 } };
  const room = durationText(orderFloorMs(flatten, limits.maxPerMinute));
  return { name: 'rate-cap', text: `limits.maxPerMinute of ${limits.maxPerMinute} (${room}, with 5 % of room ${at})` };
}
