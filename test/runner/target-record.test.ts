import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../probes/probe.ts';
import { systemClock } from '../../runner/clock.ts';
import { openLedger } from '../../runner/commands/open.ts';
import type { Configuration } from '../../runner/config/configuration.ts';
import { loadConfiguration } from '../../runner/config/load.ts';
import { createRunner } from '../../runner/runner.ts';
import { openStore } from '../../store/open.ts';
import { createSpill } from '../../store/spill.ts';
import { aResult } from '../support/results.ts';
import { commandAt } from './commands/support.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** Noon. */
const NOW = Date.UTC(2026, 10, 20, 12, 0, 20);

const at = (nowMs: number): Clock => ({ ...systemClock, wallMs: () => nowMs });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-targets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The file as its user edits it. */
async function written(objective: string): Promise<Configuration> {
  writeFileSync(
    join(folder, 'pulsedrill.config.yaml'),
    `listen: false
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  extends: none
  settings: { minEvents: 10 }
  add:
    - { id: requests, service: client-api, window: 30d, probes: [status], ${objective} }
`,
  );
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  return loaded.configuration;
}

const AVAILABILITY = 'sli: availability, target:';
const LATENCY = 'target: "0.9", sli:';

/** A start of `run` as far as it matters here. @returns what it warned of */
async function started(configuration: Configuration, nowMs: number): Promise<readonly string[]> {
  const warnings: string[] = [];
  await using store = await openLedger(configuration, false, nowMs);
  const { signal } = new AbortController();
  await using runner = createRunner({
    configuration,
    store,
    spill: createSpill({ folder: join(folder, 'spill'), identity: store.identity, instance: 'aa', uid: null }),
    clock: at(nowMs),
    stop: signal,
    abandon: signal,
    path: '',
    instance: 'aa',
    tell: () => undefined,
    warn: (line) => warnings.push(line),
  });
  await runner.evaluate();
  return warnings;
}

/** Ten runs a day for some days, of which some are bad. */
async function remember(fromMs: number, days: number, bad: number, latencyMs = 20): Promise<void> {
  await using store = await openStore({ path: join(folder, 'pulsedrill.db') });
  await store.append(
    Array.from({ length: days * 10 }, (_, n) =>
      aResult(n, {
        service: 'client-api',
        scheduledMs: fromMs + Math.floor(n / 10) * DAY + (n % 10) * 60_000,
        weightMs: 60_000,
        outcome: n % 10 < bad ? 'bad' : 'good',
        readings: [{ type: 'duration', indicator: 'latency', ms: latencyMs }],
      }),
    ),
  );
}

async function budgetAt(nowMs: number) {
  const { code, printed, complained } = await commandAt(at(nowMs), folder, 'budget', '--json');
  if (printed === '') throw new Error(complained);
  const { objectives } = JSON.parse(printed);
  return { code, status: objectives[0] };
}

async function targetsOnRecord() {
  await using store = await openStore({ path: join(folder, 'pulsedrill.db'), readOnly: true });
  return (await store.events({ kind: 'target' })).map(({ atMs, body }) => [atMs, body['changed']]);
}

describe('a target that somebody changed in the file', () => {
  it('goes on record once, with when it was first seen, and leaves the past as it was judged', async () => {
    const before = await written(`${AVAILABILITY} "0.9"`);
    await started(before, NOW - 20 * DAY);
    await started(before, NOW - 19 * DAY);
    expect(await targetsOnRecord()).toEqual([[NOW - 20 * DAY, []]]);
    // Twelve days at exactly what 90 % allows.
    await remember(NOW - 15 * DAY, 12, 1);
    expect((await budgetAt(NOW - DAY)).status).toMatchObject({ consumed: 1, met: true, target: '0.9' });

    const stricter = await written(`${AVAILABILITY} "0.99"`);
    // Not yet seen by `run`: the command judges what comes by it, and what was by what is on record.
    const looked = await budgetAt(NOW);
    expect(looked).toMatchObject({ code: 0, status: { consumed: 1, met: true, target: '0.99', required: 0.9 } });
    await started(stricter, NOW);
    expect(await targetsOnRecord()).toEqual([
      [NOW - 20 * DAY, []],
      [NOW, ['versions']],
    ]);
    // Ten days at ten times what 99 % allows: 120 × 0.1 + 100 × 0.01 = 13 of the budget, 12 + 10 = 22 of it spent.
    await remember(NOW + HOUR, 10, 1);
    const { status } = await budgetAt(NOW + 11 * DAY);
    expect(status.events).toMatchObject({ valid: 220, bad: 22 });
    expect(status.consumed).toBeCloseTo(22 / 13, 12);
    expect(status.required).toBeCloseTo(1 - 13 / 220, 12);
    expect(status.versions).toMatchObject([
      { target: '0.9', from: null, signedOff: true },
      { target: '0.99', from: '2026-11-20T12:00:00.000Z', signedOff: false },
    ]);
  });

  it('does not judge the past by a limit either, whichever command opens the ledger for writing', async () => {
    const before = await written(`${LATENCY} { indicator: latency, within: 100ms }`);
    await started(before, NOW - 20 * DAY);
    await remember(NOW - 15 * DAY, 10, 0, 150);
    expect((await budgetAt(NOW - DAY)).status.events).toMatchObject({ good: 0, bad: 100 });
    const generous = await written(`${LATENCY} { indicator: latency, within: 200ms }`);
    await (await openLedger(generous, false, NOW))[Symbol.asyncDispose]();
    expect((await budgetAt(NOW)).status.events).toMatchObject({ good: 0, bad: 100 });
    await started(generous, NOW + HOUR);
    await remember(NOW + 2 * HOUR, 1, 0, 150);
    const { status } = await budgetAt(NOW + DAY);
    expect(status.events).toMatchObject({ good: 10, bad: 100 });
    expect(status.versions).toMatchObject([{ limit: { ms: 100 } }, { limit: { ms: 200 } }]);
  });

  it('is announced until its day, and holds from its midnight on without anybody’s doing anything', async () => {
    const announced = await written(
      `${AVAILABILITY} "0.99", version: v2, from: 2026-11-25, earlier: [{ version: v1, target: "0.9" }]`,
    );
    await started(announced, NOW - 20 * DAY);
    await remember(NOW - 15 * DAY, 12, 1);
    const today = await budgetAt(NOW);
    expect(today.status).toMatchObject({ target: '0.9', consumed: 1, version: { version: 'v1' } });
    expect(today.status.announced).toMatchObject([{ version: 'v2', target: '0.99', from: '2026-11-25T00:00:00.000Z' }]);
    const then = await budgetAt(Date.UTC(2026, 10, 25));
    expect(then.status).toMatchObject({ target: '0.99', version: { version: 'v2' }, announced: [], required: 0.9 });
    expect(then.status.consumed).toBe(1);
  });

  it('is a retroactive change, warned of and marked, when its date lies in a past that is on record', async () => {
    const before = await written(`${AVAILABILITY} "0.9"`);
    await started(before, NOW - 20 * DAY);
    await remember(NOW - 15 * DAY, 12, 1);
    const back = await written(
      `${AVAILABILITY} "0.8", version: v2, from: 2026-11-06, earlier: [{ version: v1, target: "0.9" }]`,
    );
    const warning =
      'requests: retroactive change: v2 (80 %) is said to hold from 2026-11-06, but 90 % is on record until 2026-11-20 12:00 UTC: what happened before that stays judged by the record';
    expect((await commandAt(at(NOW), folder, 'validate')).printed).toContain(`warning: ${warning}`);
    expect(await started(back, NOW)).toContain(warning);
    const { status } = await budgetAt(NOW + HOUR);
    expect(status).toMatchObject({ consumed: 1, target: '0.8', required: 0.9 });
    expect(status.version).toMatchObject({ version: 'v2', retroactiveFrom: '2026-11-06T00:00:00.000Z' });
  });

  it('has its burn rules, window and minimum on record as well', async () => {
    await started(await written(`${AVAILABILITY} "0.9"`), NOW - 2 * DAY);
    await started(
      await written(`${AVAILABILITY} "0.9", burn: [{ factor: 5, long: 1h, short: 5m }], minEvents: 20`),
      NOW,
    );
    expect(await targetsOnRecord()).toEqual([
      [NOW - 2 * DAY, []],
      [NOW, ['minEvents', 'burn']],
    ]);
  });
});

describe('what people read of a target that changed', () => {
  const CHANGED = `${AVAILABILITY} "0.99", version: v2, from: 2026-11-15, rfc: "https://rfcs.example/7",
      signOffs: [{ role: product, name: their name, date: 2026-11-10 }],
      earlier: [{ version: v1, target: "0.9" }, { version: v1b, target: "0.95", from: 2026-11-08 }]`;

  it('stands below its figures in budget, with what the window required', async () => {
    await started(await written(CHANGED), NOW - 20 * DAY);
    await remember(NOW - 15 * DAY, 12, 1);
    const { printed } = await commandAt(at(NOW), folder, 'budget');
    // Three days at 90 %, seven at 95 %, two at 99 %: 1 − (30 × 0.1 + 70 × 0.05 + 20 × 0.01) ÷ 120.
    expect(printed.split('\n').slice(2)).toEqual([
      '    RED_LT_72H; exhausts within 24 h; 94.417 % required: the target changed within the window; not signed off',
      '',
      '  requests: v1 (90 %)',
      '  requests: v1b (95 %) from 2026-11-08, not signed off: lacks rfc, SRE lead, domain owner, product',
      '  requests: v2 (99 %) from 2026-11-15, https://rfcs.example/7, product: their name (2026-11-10), not signed off: lacks SRE lead, domain owner',
    ]);
  });

  it('stands in the report, each version with its day, its RFC and who signed it off', async () => {
    await started(await written(`${AVAILABILITY} "0.9"`), NOW - 20 * DAY);
    await remember(NOW - 15 * DAY, 12, 1);
    await started(await written(CHANGED), NOW - 3 * DAY);
    const { printed, complained } = await commandAt(at(NOW), folder, 'report', 'sla', '--from', '30d');
    expect(complained).toBe('');
    const page = readFileSync(printed, 'utf8');
    const [, section = ''] = page.split('### Targets and their versions\n\n');
    expect(section.split('\n').slice(2, 12)).toEqual([
      '| `requests` | – | 90 % | held since before this window | – | – |',
      '| `requests` | v2 | 99 % | holds from 2026-11-17 12:00 UTC (**retroactive**: dated back to 2026-11-15) | https://rfcs.example/7 | **not signed off: lacks SRE lead, domain owner**; product: their name (2026-11-10) |',
      '',
      'A target changed within the window. Each part is judged by the target that held in it; of the whole had to be good: `requests` 90.000 %.',
      '',
      'Put on record in the range:',
      '',
      '| When (UTC) | Service | Subject | Change |',
      '| --- | --- | --- | --- |',
      '| 2026-11-17 12:00:20 UTC | client-api | `requests` | changed: the versions of its target |',
    ]);
    expect(page).toMatch(/^\| SLO `requests` .*; \*\*not signed off\*\* \|$/m);
  });
});

describe('a target that nobody signed off', () => {
  it('is warned of by validate, with what it lacks', async () => {
    await written(`${AVAILABILITY} "0.99", version: v2, from: 2026-11-25, rfc: "https://rfcs.example/7",
      signOffs: [{ role: SRE lead, name: their name, date: 2026-11-20 }], earlier: [{ target: "0.9" }]`);
    const { printed } = await commandAt(at(NOW), folder, 'validate');
    expect(printed.split('\n').slice(1)).toEqual([
      'warning: requests: v2 (99 %) is not signed off: lacks domain owner, product',
    ]);
  });
});
