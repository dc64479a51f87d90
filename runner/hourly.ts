/**
 * "Error budget burn rates are evaluated hourly": the first evaluation of each policy hour is kept as one event, with what
 * every objective's figures were. Alerts do not wait for it; it is the record that the playbook's cadence was kept.
 */
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { LedgerEvent, StoreReader } from '../store/store.ts';
import type { Follower } from './judging.ts';

export interface HourlyOptions {
  readonly store: Pick<StoreReader, 'events'>;
  readonly base: TimeBase;
  readonly location: string;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly warn: (line: string) => void;
}

export function createHourly({ store, base, location, record, warn }: HourlyOptions): Follower {
  /** Start of the newest hour that is on record; null: not yet looked for. */
  let keptMs: number | null = null;
  let isTroubled = false;

  async function follow(statuses: readonly Status[], nowMs: number): Promise<void> {
    const hourMs = Math.floor(nowMs / base.hourMs) * base.hourMs;
    // A restart within the hour repeats nothing; this hour's record is as old as the hour at most.
    keptMs ??= (await store.events({ kind: 'burn-rates', fromMs: hourMs })).length > 0 ? hourMs : 0;
    if (hourMs <= keptMs) return;
    await record(hourlyEvent(statuses, hourMs, nowMs, location));
    keptMs = hourMs;
  }

  return async (statuses, nowMs) => {
    try {
      await follow(statuses, nowMs);
      isTroubled = false;
    } catch (error) {
      if (!isTroubled) warn(`hourly burn rates: ${error instanceof Error ? error.message : String(error)}`);
      isTroubled = true;
    }
  };
}

function hourlyEvent(statuses: readonly Status[], hourMs: number, atMs: number, location: string): LedgerEvent {
  const hour = new Date(hourMs).toISOString();
  const objectives = statuses.map(figuresOf);
  return {
    id: `burn-rates/${hour}`,
    atMs,
    kind: 'burn-rates',
    service: null,
    subject: location,
    body: { hour, objectives },
  };
}

function figuresOf({ objective, colour, consumed, validEvents, tally, burn, burnNow, ...status }: Status) {
  return {
    objective: objective.id,
    colour,
    consumed,
    bad: tally.bad,
    valid: validEvents,
    burn,
    burnNow,
    burning: status.pairs
      .filter((pair) => pair.burning)
      .map(({ long, short, severity }) => ({ long, short, severity })),
    exhaustionHours: status.exhaustion,
    alert: status.alert,
  };
}
