import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../runner/clock.ts';
import { evaluateAll } from '../../../runner/evaluation.ts';
import { createTelemetry } from '../../../runner/telemetry/telemetry.ts';
import { openStore } from '../../../store/open.ts';
import type { Result } from '../../../store/result.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { eventually } from '../../support/servers.ts';
import { configured } from '../configured.ts';
import { serve } from './fake.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-sources-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A policy minute lasts a second. */
function practice(urls: Readonly<Record<string, string>>) {
  return configured(
    {
      timeScale: 60,
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: 'http://127.0.0.1:1/' }],
      sources: Object.entries(urls).map(([id, url]) => {
        return { id, kind: 'prometheus', url, timeout: '1s', lag: '500ms', stale: '2s', catchUp: '10s' };
      }),
      objectives: {
        bind: Object.fromEntries(
          [
            ['slo-strategy-jobs', 'well'],
            ['slo-pipeline-accuracy', 'hanging'],
          ].map(([row, source]) => [row, { source, good: 'good', valid: 'valid' }]),
        ),
      },
    },
    folder,
  );
}

describe('sources', () => {
  it('that hang delay nobody else, are Unknown with their reason and a ticket, and still are after a restart', async () => {
    await using hanging = await serve(() => undefined);
    await using well = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const form = new URLSearchParams(body);
        const [start, end] = [Number(form.get('start')), Number(form.get('end'))];
        const values = Array.from({ length: Math.round(end - start) + 1 }, (_, second) => [start + second, '7']);
        const data = { resultType: 'matrix', result: [{ metric: {}, values }] };
        response.end(JSON.stringify({ status: 'success', data }));
      });
    });
    const configuration = practice({ hanging: hanging.url, well: well.url });
    await using store = await openStore({
      path: configuration.ledgerPath,
      objectives: configuration.objectives,
      stepMs: configuration.base.minuteMs,
    });
    const results: Result[] = [];
    const options = {
      configuration,
      clock: systemClock,
      store,
      deliver: (result: Result) => {
        results.push(result);
        void store.append([result]);
      },
      record: (event: LedgerEvent) => store.recordEvents([event]),
      warn: (line: string) => {
        throw new Error(line);
      },
    };
    const stop = new AbortController();
    await using telemetry = createTelemetry(options);
    await telemetry.load();
    const running = telemetry.run(stop.signal);
    const [ticket] = await eventually(() => {
      const found = telemetry.conditions();
      return found.length > 0 ? found : undefined;
    }, 'a ticket');
    expect(ticket).toMatchObject({
      key: 'source/hanging',
      severity: 'SEV-3',
      says: expect.stringMatching(
        /^source hanging: valid: no answer within 1000 ms, since .*; not judged by it: slo-pipeline-accuracy$/,
      ),
    });
    // Within the time in which the other took no answer, this one was asked minute by minute.
    await eventually(() => (results.length >= 4 ? true : undefined), 'four minutes of the other');
    expect(results.every(({ probe, outcome }) => probe === 'telemetry:slo-strategy-jobs' && outcome === 'good')).toBe(
      true,
    );
    const { base, objectives } = configuration;
    const because = await eventually(async () => {
      const statuses = await evaluateAll(store, objectives, { base, nowMs: systemClock.wallMs() });
      const found = new Map(statuses.map(({ objective, unknownBecause }) => [objective.id, unknownBecause]));
      return found.get('slo-strategy-jobs') === null ? found : undefined;
    }, 'the other is judged');
    expect(because.get('slo-pipeline-accuracy')).toMatch(
      /^nothing counted yet from the source hanging: valid: no answer within 1000 ms \(since /,
    );
    stop.abort();
    await running;

    await using again = createTelemetry(options);
    await again.load();
    expect(again.conditions().map(({ key }) => key)).toEqual(['source/hanging']);
  });
});
