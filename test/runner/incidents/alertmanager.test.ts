/** Against the real Alertmanager: the alert goes there as it does in production, a person silences it there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../../runner/alerts/alert.ts';
import { alertmanagerNotifier } from '../../../runner/alerts/notifiers/alertmanager.ts';
import { watchSilences } from '../../../runner/incidents/alertmanager.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import { ALERTMANAGER, startAlertmanager } from '../../support/alertmanager.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { eventually, isMissing } from '../../support/servers.ts';
import { anAlert } from '../alerts/notices.ts';
import { living } from './life.ts';

const source = 'fra1 (staging)';
const SERVICE = { name: 'service', value: 'client-api', isRegex: false, isEqual: true };

let folder: string;
let store: LedgerStore;
let clock: ManualClock;
let stop: AbortController;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'silences-'));
  store = await openStore({ path: join(folder, 'ledger.db'), objectives: [] });
  // As Alertmanager has it: what it says happened is told by its clock.
  clock = new ManualClock(0, Date.now() - 5000);
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function silence(url: string, createdBy: string, matchers: readonly unknown[] = [SERVICE]): Promise<void> {
  const [startsAt, endsAt] = [new Date().toISOString(), new Date(Date.now() + 600_000).toISOString()];
  const answer = await fetch(`${url}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ matchers, startsAt, endsAt, createdBy, comment: 'looking at it' }),
  });
  expect(answer.status).toBe(200);
}

describe.skipIf(isMissing(ALERTMANAGER, ALERTMANAGER))('a silence in the real Alertmanager', () => {
  it('acknowledges, when a person made it, after the alert, and about the alert', { timeout: 60_000 }, async () => {
    await using alertmanager = await startAlertmanager();
    const { url } = alertmanager;
    const notifier = alertmanagerNotifier({ name: 'am', url, headers: {}, source, wallMs: Date.now });
    const other = { ...SERVICE, value: 'market-data' };
    // Made before anything was wrong: maintenance.
    await silence(url, 'ana', [SERVICE, { ...SERVICE, name: 'severity', value: 'SEV-2' }]);
    const sent: Promise<unknown>[] = [];
    await using life = await living({
      store,
      clock,
      answer(notice: Notice) {
        if (notice.incident === null) sent.push(notifier.notify({ ...notice, atMs: Date.now() }, stop.signal));
        return { ok: true };
      },
    });
    await clock.advance(5000 + 1000);
    life.alerts.push(anAlert());
    await life.pass(4000);
    await Promise.all(sent);
    expect(life.incident().alerts.size).toBe(1);
    const warnings: string[] = [];
    const watching = watchSilences({
      alertmanagers: [{ name: 'am', url, headers: {} }],
      source,
      machines: ['kthxbye'],
      keeper: life.keeper,
      clock,
      stop: stop.signal,
      warn: (line) => warnings.push(line),
    });
    /** One look, which takes real time. */
    const look = async (): Promise<void> => {
      await life.pass(10_000);
      await delay(200);
      await life.pass(2000);
    };
    await look();
    expect(life.incident().acknowledged).toEqual([]);
    await eventually(() => (Date.now() > life.incident().openedMs + 50 ? true : undefined), 'the clocks agree');
    await silence(url, 'kthxbye');
    await silence(url, 'bo', [other]);
    await look();
    expect(life.incident().acknowledged).toEqual([]);
    await silence(url, 'Zoë');
    await eventually(async () => {
      await look();
      return life.incident().acknowledged.length > 0 ? true : undefined;
    }, 'it is heard of');
    expect(life.incident().acknowledged).toMatchObject([{ by: 'Zoë', via: 'am' }]);
    expect(life.said()).toContain('acknowledged on-call slo-api/burn/1h@1');
    expect(warnings).toEqual([]);
    stop.abort();
    await watching;
  });
});

describe('an Alertmanager that does not answer as it should', () => {
  it('is complained of once, and asked again', async () => {
    await using life = await living({ store, clock });
    life.alerts.push(anAlert());
    await life.pass(4000);
    const warnings: string[] = [];
    const watching = watchSilences({
      alertmanagers: [{ name: 'am', url: 'http://127.0.0.1:1', headers: {} }],
      source,
      machines: [],
      keeper: life.keeper,
      clock,
      stop: stop.signal,
      warn: (line) => warnings.push(line),
    });
    for (let time = 0; time < 3; time += 1) {
      await life.pass(10_000);
      await eventually(() => (warnings.length > 0 ? true : undefined), 'it is complained of');
    }
    expect(warnings).toEqual(['am: its silences cannot be read: connect ECONNREFUSED 127.0.0.1:1']);
    stop.abort();
    await watching;
  });
});
