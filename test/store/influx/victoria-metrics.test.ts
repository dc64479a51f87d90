import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runner/clock.ts';
import { startInfluxExport, type ExportState } from '../../../store/influx/exporter.ts';
import { openStore } from '../../../store/open.ts';
import { AVAILABILITY, T0, aResult } from '../../support/results.ts';
import { isMissing } from '../../support/servers.ts';
import { startVictoriaMetrics } from '../../support/victoria-metrics.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-victoria-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(isMissing('victoria-metrics', 'victoria-metrics'))('an export to VictoriaMetrics', () => {
  test('through /api/v2/write brings every number once, by its tags', async () => {
    await using victoria = await startVictoriaMetrics();
    await using store = await openStore({ path: join(folder, 'l.db'), objectives: [AVAILABILITY], stepMs: 60_000 });
    await store.append(
      Array.from({ length: 300 }, (_, n) => aResult(n, { endpoint: n % 2 === 0 ? '/a b,c=d' : null })),
    );
    const states: ExportState[] = [];
    await using exporter = startInfluxExport({
      store,
      connection: { url: victoria.url, org: 'o', bucket: 'b', token: 't' },
      location: 'fra1',
      clock: systemClock,
      random: () => 0,
      onState: (state) => states.push(state),
    });
    expect([(await exporter.flush()).total, states]).toEqual([0, []]);

    const durations = await victoria.exported('pulsedrill_run_duration_ms');
    expect(durations.flatMap(({ values }) => values)).toEqual(Array.from({ length: 300 }, () => 21.25));
    expect(new Set(durations.flatMap(({ timestamps }) => timestamps)).size).toBe(300);
    expect(new Set(durations.map(({ metric }) => metric['endpoint']))).toEqual(new Set(['/a b,c=d', undefined]));
    const good = await victoria.exported('pulsedrill_tally_good_us');
    expect(good.map(({ metric }) => [metric['objective'], metric['location']])).toEqual([[AVAILABILITY.id, 'fra1']]);
    expect(good.flatMap(({ values }) => values)).toEqual(Array.from({ length: 5 }, () => 60_000_000));
    expect(good.flatMap(({ timestamps }) => timestamps)).toEqual([0, 1, 2, 3, 4].map((n) => T0 + n * 60_000));
  });
});
