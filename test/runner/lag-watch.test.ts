import { describe, expect, it } from 'vitest';
import { createLagWatch } from '../../runner/lag-watch.ts';
import type { ExportStanding, Lag } from '../../store/influx/exporter.ts';

const INFLUX = { url: 'http://127.0.0.1:8086', database: 'd', lagAlert: 900_000 };
const NOTHING: Lag = { results: 0, events: 0, budgets: 0, tallies: 0, total: 0, oldestMs: null };

/** A watch, and what it sees from now on. */
function watched(lag: Lag, standing: ExportStanding = { held: null, shipped: 0, rejected: 0 }) {
  const now = { ms: 1_000_000_000, lag, standing };
  const watch = createLagWatch({ influx: INFLUX, location: 'fra1' }, () => now.ms);
  watch.watch({ lag: () => Promise.resolve(now.lag), standing: () => now.standing });
  return { now, watch };
}

describe('an InfluxDB that is behind', () => {
  it('is an alert from the configured age on, with the reason, and is none any more when it has caught up', async () => {
    const { now, watch } = watched({ ...NOTHING, results: 40, total: 52, oldestMs: 1_000_000_000 - 900_000 });
    await watch.look();
    expect(watch.conditions()).toEqual([]);
    now.ms += 1;
    now.standing = { held: 'InfluxDB answered 503: busy', shipped: 0, rejected: 0 };
    expect(watch.conditions()).toEqual([
      {
        key: 'influx-lag/fra1',
        rule: 'influx-lag',
        severity: 'SEV-3',
        as: 'ticket',
        service: null,
        objective: null,
        says: 'prober at fra1: InfluxDB lacks 52 rows, the oldest for 15 min: InfluxDB answered 503: busy; nothing is lost',
        lastBadAtMs: null,
      },
    ]);
    now.lag = NOTHING;
    await watch.look();
    expect(watch.conditions()).toEqual([]);
  });

  it('looks again by itself whenever it is asked for alerts, and keeps what it knew while the ledger cannot be read', async () => {
    const { now, watch } = watched({ ...NOTHING, total: 1, oldestMs: 0 });
    expect(watch.conditions()).toEqual([]);
    await new Promise(setImmediate);
    expect(watch.conditions()).toHaveLength(1);
    watch.watch({ lag: () => Promise.reject(new Error('locked')), standing: () => now.standing });
    expect(watch.conditions()).toHaveLength(1);
    await new Promise(setImmediate);
    expect(watch.conditions()).toHaveLength(1);
  });

  it('is nobody’s business where nothing is exported', async () => {
    const watch = createLagWatch({ influx: null, location: 'fra1' }, () => 0);
    watch.watch(null);
    expect([await watch.look(), watch.standing(), watch.conditions()]).toEqual([null, null, []]);
  });
});
