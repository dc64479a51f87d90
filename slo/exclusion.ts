/** Stretches that the parties agreed to leave out, maintenance mostly. Nothing is decided by the figures without them; both are shown. */
import type { Objective } from './objective.ts';
import type { Stretch } from './ranges.ts';
import type { TimeBase } from './time-base.ts';

export interface Exclusion {
  readonly id: string;
  /** Wall-clock ms, half-open. */
  readonly fromMs: number;
  readonly toMs: number;
  /** All objectives of these services, and these objectives; at least one of either. */
  readonly services: readonly string[];
  readonly objectives: readonly string[];
  readonly author: string;
  readonly reason: string;
  readonly approver: string;
  readonly createdMs: number;
  /** By a second record: what was excluded once stays known. */
  readonly withdrawn: Withdrawal | null;
}

export interface Withdrawal {
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
}

/** Written down when it had begun already: nobody could know of it beforehand. */
export function isRetroactive({ createdMs, fromMs }: Pick<Exclusion, 'createdMs' | 'fromMs'>): boolean {
  return createdMs > fromMs;
}

type Excluded = Pick<Objective, 'id' | 'service'> & Partial<Pick<Objective, 'telemetry'>>;

export function isAbout(exclusion: Exclusion, { id, service }: Excluded): boolean {
  return exclusion.withdrawn === null && (exclusion.services.includes(service) || exclusion.objectives.includes(id));
}

/**
 * The stretches that are left out of an objective's tallies, ascending and apart. Against the service: a tally step (a slice
 * of telemetry) that lies only partly in an exclusion counts.
 */
export function leftOut(
  exclusions: readonly Exclusion[],
  objective: Excluded,
  { minuteMs }: Pick<TimeBase, 'minuteMs'>,
): readonly Stretch[] {
  const stepMs = objective.telemetry?.stepMs ?? minuteMs;
  const whole = exclusions
    .filter((exclusion) => isAbout(exclusion, objective))
    .map(({ fromMs, toMs }) => ({
      fromMs: Math.ceil(fromMs / stepMs) * stepMs,
      toMs: Math.floor(toMs / stepMs) * stepMs,
    }))
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .toSorted((a, b) => a.fromMs - b.fromMs);
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const each of whole) {
    const last = merged.at(-1);
    if (last !== undefined && each.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, each.toMs);
    else merged.push({ ...each });
  }
  return merged;
}

/** Those of which at least one step lies in the window that an objective has at a moment. */
export function exclusionsWithin(
  exclusions: readonly Exclusion[],
  objective: Excluded & Pick<Objective, 'windowMs'>,
  { base, endMs }: { readonly base: Pick<TimeBase, 'minuteMs'>; readonly endMs: number },
): readonly Exclusion[] {
  return exclusions.filter((exclusion) =>
    leftOut([exclusion], objective, base).some(
      ({ fromMs, toMs }) => fromMs < endMs && toMs > endMs - objective.windowMs,
    ),
  );
}
