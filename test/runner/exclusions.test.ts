import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createAccounts } from '../../store/accounts.ts';
import { excludedJson, excludedLines, judgeWithout } from '../../runner/exclusions.ts';
import { leftOut, type Exclusion } from '../../slo/exclusion.ts';
import type { Status } from '../../slo/status.ts';
import { timeBase } from '../../slo/time-base.ts';
import { addedEvent, exclusionsOf, withdrawnEvent } from '../../store/exclusions.ts';
import { Ledger } from '../../store/ledger.ts';
import { judged, objective } from '../slo/fixtures.ts';
import { aResult } from '../support/results.ts';

const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-exclusions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = timeBase(1);
const { minuteMs, hourMs, dayMs } = base;
const NOW = 20_000 * dayMs + 9 * hourMs + 17 * minuteMs + 5000;

const OBJECTIVES = [
  objective({
    probes: ['status'],
    windowMs: 26 * hourMs,
    target: '0.9',
    minEvents: 20,
    versions: [
      { version: 'v1', target: '0.5', limit: null, fromMs: null, rfc: null, signOffs: [], lacks: [] },
      {
        version: 'v2',
        target: '0.9',
        limit: null,
        fromMs: NOW - 3 * hourMs - 5000,
        rfc: null,
        signOffs: [],
        lacks: [],
      },
    ],
  }),
  objective({
    id: 'latency',
    probes: ['status'],
    target: '0.9',
    windowMs: 7 * hourMs,
    slidingMs: 75 * minuteMs,
    split: 'venue',
    sli: { type: 'threshold', indicator: 'latency', ms: 250, strict: false },
  }),
];

function anExclusion(id: string, fromMs: number, toMs: number): Exclusion {
  const who = { author: 'ana', approver: 'ben', reason: 'upgrade' };
  return { id, fromMs, toMs, services: ['client-api'], objectives: [], ...who, createdMs: fromMs - 1, withdrawn: null };
}

/** Of a bad event in an old hour only the hour is known, or the end of an exclusion inside it: no figure rests on that. */
function plain(status: Status): Status {
  return { ...status, lastBadAtMs: null, behind: status.behind.map(plain) };
}

const drawnRun = fc.record({
  minutesAgo: fc.nat({ max: 1700 }),
  outcome: fc.constantFrom('good' as const, 'good' as const, 'bad' as const, 'excluded' as const, 'fault' as const),
  ms: fc.constantFrom(20, 251),
  venue: fc.constantFrom('a', 'b'),
});

describe('figures without what was excluded', () => {
  it('are those of a ledger in which nothing was counted then, minute by minute', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawnRun, { minLength: 1, maxLength: 60 }),
        fc.array(fc.tuple(fc.integer({ min: -10, max: 1700 }), fc.integer({ min: 1, max: 400 })), {
          minLength: 1,
          maxLength: 3,
        }),
        async (drawn, cuts) => {
          round += 1;
          using ledger = new Ledger({ path: join(folder, `${round}.db`), stepMs: minuteMs, objectives: OBJECTIVES });
          ledger.append(
            drawn.map(({ minutesAgo, ms, ...rest }, n) =>
              aResult(n, {
                ...rest,
                service: 'client-api',
                scheduledMs: NOW - minutesAgo * minuteMs - 1,
                readings: [{ type: 'duration', indicator: 'latency', ms }],
              }),
            ),
          );
          const exclusions = cuts.map(([ago, minutes], index) =>
            anExclusion(`ex-${index}`, NOW - ago * minuteMs, NOW + (minutes - ago) * minuteMs),
          );
          ledger.recordEvents(exclusions.map(addedEvent));
          const reader = {
            rollups: async (query: Parameters<typeof ledger.rollups>[0]) => ledger.rollups(query),
            events: async (query: Parameters<typeof ledger.events>[0]) => ledger.events(query),
          };
          const statuses = await createAccounts(reader, base).statuses(OBJECTIVES, NOW);
          const { without } = await judgeWithout(reader, statuses, base);
          for (const status of without) {
            const of = OBJECTIVES.find(({ id }) => id === status.objective.id) ?? OBJECTIVES[0];
            const gone = leftOut(exclusions, status.objective, base);
            const kept = ledger
              .tallies({ objective: status.objective.id, fromMs: 0, toMs: Infinity, bySplit: true })
              .filter(({ atMs }) => !gone.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs));
            expect(plain(status)).toEqual(
              plain(judged(kept, { ...(of === undefined ? {} : { objective: of }), base, nowMs: NOW })),
            );
          }
          const figured = statuses.filter(({ attainment }) => attainment !== null);
          expect(without.length).toBeLessThanOrEqual(figured.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('are said below those with, and a withdrawn exclusion is named and changes none', async () => {
    const reader = {
      rollups: async (query: Parameters<Ledger['rollups']>[0]) => ledger.rollups(query),
      events: async (query: Parameters<Ledger['events']>[0]) => ledger.events(query),
    };
    using ledger = new Ledger({ path: join(folder, 'said.db'), stepMs: minuteMs, objectives: OBJECTIVES });
    const at = (n: number, minutesAgo: number, outcome: 'good' | 'bad') =>
      aResult(n, { outcome, service: 'client-api', scheduledMs: NOW - minutesAgo * minuteMs });
    ledger.append([at(1, 130, 'bad'), at(2, 60, 'good'), at(3, 50, 'good')]);
    const first = anExclusion('ex-20241003-0001', NOW - 131 * minuteMs, NOW - 128 * minuteMs);
    const second = { ...anExclusion('ex-20241003-0002', NOW - 61 * minuteMs, NOW), createdMs: NOW };
    ledger.recordEvents([addedEvent(first), addedEvent(second)]);
    ledger.recordEvents([withdrawnEvent(second.id, NOW, 'cyd', 'it was no maintenance')]);
    const statuses = await createAccounts(reader, base).statuses(OBJECTIVES.slice(0, 1), NOW);
    const excluded = await judgeWithout(reader, statuses, base);
    expect(excludedLines(excluded)).toEqual([
      'exclusion ex-20241003-0001: client-api from 2024-10-04 07:06 UTC to 2024-10-04 07:09 UTC, by ana, approved by ben: upgrade',
      '    slo-api-availability without what is excluded: 100.000 % (2/2), 0.0 % consumed',
      'exclusion ex-20241003-0002 (retroactive; withdrawn by cyd: it was no maintenance): client-api from 2024-10-04 08:16 UTC to 2024-10-04 09:17 UTC, by ana, approved by ben: upgrade',
    ]);
    expect(excludedJson(excluded)).toMatchObject({
      exclusions: [
        { id: 'ex-20241003-0001', retroactive: false, withdrawn: null },
        { id: 'ex-20241003-0002', retroactive: true, withdrawn: { author: 'cyd', reason: 'it was no maintenance' } },
      ],
      withoutExclusions: [
        { objective: 'slo-api-availability', attainment: 1, consumed: 0, met: true, good: 2, bad: 0 },
      ],
    });
  });
});

describe('the record of exclusions', () => {
  it('keeps the first word of each, passes over what does not read, and is in order of their beginning', () => {
    const [late, early] = [anExclusion('ex-b', 5000, 9000), anExclusion('ex-a', 1000, 2000)];
    const events = [addedEvent(late), addedEvent(early), addedEvent({ ...early, toMs: 3000 })];
    const broken = { ...addedEvent(anExclusion('ex-c', 0, 1)), body: { state: 'added', fromMs: 'soon' } };
    expect(exclusionsOf([...events, broken, withdrawnEvent('ex-unknown', 1, 'ana', 'x')])).toEqual([early, late]);
  });
});
