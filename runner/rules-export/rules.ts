/**
 * Recording and burn-rate alerting rules for Prometheus, in the shape that Sloth made common: recordings of the error ratio
 * over each lookback, meta recordings, and one alert a multi-window pair. Pairs, factors, severities and the low-traffic
 * guard are those that pulsedrill itself judges by.
 */
import { allowance } from '../../slo/budget.ts';
import { burnPairs, LOOKBACK_MINUTES } from '../../slo/burn.ts';
import { ALERT_DEFAULTS } from '../../slo/alerts.ts';
import { decimal, fromNumber, multiply, rational, toFixed, type Rational } from '../../slo/decimal.ts';
import { governs, LOOKBACKS, type Lookback, type Objective } from '../../slo/objective.ts';
import { heldAt } from '../../slo/targets.ts';
import type { Configuration } from '../config/configuration.ts';
import { expressionsOf, type Expressions } from './expression.ts';

export interface PrometheusRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly PrometheusRule[];
}

export interface ExportedRules {
  readonly groups: readonly RuleGroup[];
  readonly left: readonly { readonly objective: string; readonly because: string }[];
}

/** By the targets that hold at `nowMs`: an announced one does not hold yet, and the rules have to be written anew when it does. */
export function prometheusRules(configuration: Configuration, matchers: string, nowMs: number): ExportedRules {
  const rows = configuration.objectives.filter(governs).map((objective) => heldAt(objective, nowMs));
  const known = rows.filter(({ unknownBecause }) => unknownBecause === null);
  return {
    groups: known.flatMap((objective) => groupsOf(objective, expressionsOf(objective, configuration, matchers))),
    left: rows.flatMap(({ id, unknownBecause }) =>
      unknownBecause === null ? [] : [{ objective: id, because: unknownBecause }],
    ),
  };
}

const recordOf = (length: string): string => `slo:sli_error:ratio_rate${length}`;

function groupsOf(objective: Objective, from: Expressions): readonly RuleGroup[] {
  const { id, target, windowMs } = objective;
  const labels = labelsOf(objective);
  const window = lengthText(windowMs);
  const lookbacks = LOOKBACKS.filter((lookback) => LOOKBACK_MINUTES[lookback] * 60_000 <= windowMs);
  const recording = (length: string): PrometheusRule => ({
    record: recordOf(length),
    expr: from.badRatio(length),
    labels: { ...labels, window: length },
  });
  const budget = decimalText(allowance(decimal(target)));
  const consumed = `${series(recordOf(window), id)} / ${budget}`;
  const alerts = alertsOf(objective, from);
  return [
    { name: `pulsedrill-sli-recordings-${id}`, rules: lookbacks.map(recording) },
    {
      name: `pulsedrill-meta-recordings-${id}`,
      // A window of weeks is read whole; nobody acts on it by the minute.
      interval: '5m',
      rules: [
        // The same length as a lookback is the same series.
        ...(lookbacks.some((lookback) => lookback === window) ? [] : [recording(window)]),
        { record: 'slo:objective:ratio', expr: `vector(${target})`, labels },
        { record: 'slo:error_budget:ratio', expr: `vector(${budget})`, labels },
        { record: 'slo:error_budget_consumed:ratio', expr: consumed, labels },
        { record: 'slo:error_budget_remaining:ratio', expr: `1 - ${consumed}`, labels },
      ],
    },
    ...(alerts.length === 0 ? [] : [{ name: `pulsedrill-alerts-${id}`, rules: alerts }]),
  ];
}

interface Pair {
  readonly long: Lookback;
  readonly short: Lookback;
  readonly severity: string;
  readonly factor: Rational;
}

function alertsOf(objective: Objective, from: Expressions): readonly PrometheusRule[] {
  const { target, windowMs, burn } = objective;
  const pairs: readonly Pair[] =
    burn?.map((rule) => ({ ...rule, factor: fromNumber(rule.factor) })) ??
    burnPairs(decimal(target), rational(BigInt(Math.round(windowMs)), 3_600_000n)).kept;
  return pairs.flatMap((pair) => {
    const isPage = pair.severity !== 'SEV-3';
    if (!isPage) return [alertOf(objective, from, pair, 'ticket')];
    return [alertOf(objective, from, pair, 'page'), alertOf(objective, from, pair, 'review')];
  });
}

function alertOf(
  objective: Objective,
  from: Expressions,
  pair: Pair,
  as: 'page' | 'ticket' | 'review',
): PrometheusRule {
  const { id, title, target, windowMs, minEvents } = objective;
  const { long, short, severity, factor } = pair;
  const budget = allowance(decimal(target));
  const limit = decimalText(multiply(factor, budget));
  const window = lengthText(windowMs);
  const on = `on (${from.splitLabel ?? ''})`;
  const at = (length: string, compared: string): string => `${series(recordOf(length), id)} ${compared}`;
  // min(BR_1h, BR_6h) > 1; a lookback longer than the window is taken as the window.
  const hours = (['1h', '6h'] as const).map((each) => (LOOKBACK_MINUTES[each] * 60_000 <= windowMs ? each : window));
  const enough = `${from.validEvents(window)} ${as === 'review' ? '<' : '>='} ${minEvents}`;
  const conditions = [
    at(long, `>= ${limit}`),
    at(short, `>= ${limit}`),
    ...[...new Set(hours)].map((length) => at(length, `> ${decimalText(budget)}`)),
    `(${from.badEvents(long)} >= ${ALERT_DEFAULTS.minBadEvents})`,
    ...(as === 'ticket' ? [] : [`(${enough})`]),
  ];
  const times = decimalText(factor);
  return {
    alert: 'PulsedrillErrorBudgetBurn',
    expr: conditions.join(`\nand ${on} `),
    for: '1m',
    // Well for as long as pulsedrill's own alerts wait: a burn over five minutes comes and goes in one outage.
    keep_firing_for: '5m',
    labels: { ...labelsOf(objective), severity, as, long, short },
    annotations: {
      summary: `${title}: burning at ${times}× or more over ${long} and ${short}`,
      description: `${id}: {{ $value | humanizePercentage }} of what happened in ${long} was bad; its error budget is ${decimalText(multiply(budget, rational(100)))} % over ${window}.`,
    },
  };
}

function labelsOf({ id, service }: Objective): Readonly<Record<string, string>> {
  return { objective: id, service };
}

function series(record: string, id: string): string {
  return `${record}{objective="${id}"}`;
}

/** Prometheus writes days and smaller units; a window is a whole number of minutes or seconds. */
function lengthText(ms: number): string {
  for (const [unit, length] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${Math.ceil(ms / 1000)}s`;
}

/** What has no end as a decimal is cut far beyond what a float could tell. */
function decimalText(value: Rational): string {
  const text = toFixed(value, 15);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
