/** Where axes put their ticks. So that labels never collide and always fit. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const TIME_STEPS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10, 15, 30, 90, 365, 3650].map((n) => n * DAY),
];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

export interface TimeAxis {
  readonly ticks: readonly number[];
  label(ms: number): string;
  /** Says that it is UTC, and which day or days. */
  readonly name: string;
}

/** Ticks on round UTC moments, `most` at the most, written as precisely as their step needs. */
export function timeAxis(fromMs: number, toMs: number, most: number): TimeAxis {
  const step = TIME_STEPS.find((candidate) => (toMs - fromMs) / candidate <= most) ?? 3650 * DAY;
  const ticks: number[] = [];
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) ticks.push(at);
  const days = dayText(fromMs) !== dayText(toMs);
  return {
    ticks,
    label(ms) {
      if (step >= DAY) return dayText(ms);
      const time = new Date(ms).toISOString().slice(11, step >= MINUTE ? 16 : step >= SECOND ? 19 : 23);
      const saysDay = days && (ms === ticks[0] || dayText(ms) !== dayText(ms - step));
      return saysDay ? `${time}\n${dayText(ms)}` : time;
    },
    name: `time, UTC (${days ? `${dayText(fromMs)} ${year(fromMs)} – ` : ''}${dayText(toMs)} ${year(toMs)})`,
  };
}

function dayText(ms: number): string {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}

function year(ms: number): number {
  return new Date(ms).getUTCFullYear();
}

export interface ValueAxis {
  readonly log: boolean;
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

// A logarithmic axis from here on: below, a linear one still shows the ordinary beside the extraordinary.
const LOG_FROM_RATIO = 30;

// A nanosecond, where the unit is milliseconds: nothing finer was measured, whatever a double may hold.
const FINEST = 1e-6;

/**
 * Covers every value with round ends. `auto`: logarithmic when the largest value dwarfs the ordinary one (the median),
 * so that a spike is shown without flattening everything else into the axis.
 */
export function valueAxis(values: readonly number[], options: { auto: boolean; fromZero: boolean }): ValueAxis {
  const known = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b);
  const least = known[0] ?? 0;
  const most = known.at(-1) ?? 1;
  const ordinary = known[Math.floor(known.length / 2)] ?? 0;
  if (options.auto && least >= FINEST && most / ordinary > LOG_FROM_RATIO) return logAxis(least, most);
  const low = options.fromZero ? Math.min(0, least) : least;
  const high = options.fromZero ? Math.max(0, most) : most;
  return linearAxis(low, high);
}

function linearAxis(least: number, most: number): ValueAxis {
  const width = Math.max(most > least ? most - least : Math.abs(most) || 1, FINEST);
  const step = roundStep(width / 5);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil((most > least ? most : least + width) / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => tidy((first + index) * step));
  return { log: false, min: ticks[0] ?? 0, max: ticks.at(-1) ?? 1, ticks };
}

function logAxis(least: number, most: number): ValueAxis {
  const first = Math.floor(Math.log10(least) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(most) - 1e-9));
  const factors = last - first <= 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = first; power < last; power += 1) ticks.push(...factors.map((factor) => tidy(factor * 10 ** power)));
  ticks.push(tidy(10 ** last));
  return { log: true, min: ticks[0] ?? 0.1, max: ticks.at(-1) ?? 1, ticks };
}

/** 1, 2 or 5 times a power of ten, at least `raw`. */
function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5].find((candidate) => candidate * power >= raw * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

/** "0.05", "250", "1,000": a tick's text. */
export function tickText(value: number): string {
  const [whole = '0', fraction] = String(tidy(value)).split('.');
  const parts = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return (fraction === undefined ? parts : `${parts}.${fraction}`).replace('-', '−');
}
