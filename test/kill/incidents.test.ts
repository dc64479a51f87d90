import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfiguration } from '../../runner/config/load.ts';
import { isIncidentEvent } from '../../runner/incidents/book.ts';
import { timingOf } from '../../runner/incidents/timing.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { deadlinesOf } from '../../slo/incidents/deadlines.ts';
import { escalationsOf } from '../../slo/incidents/escalations.ts';
import { incidentsOf, type Incident } from '../../slo/incidents/incident.ts';
import type { Timing } from '../../slo/incidents/ladder.ts';
import { Ledger } from '../../store/ledger.ts';
import { startHook } from '../runner/alerts/hook.ts';
import { cli, startCli, type CliOptions } from '../support/cli.ts';
import { eventually } from '../support/servers.ts';
import { ROUNDS, SEED } from './seed.ts';

/** Kills while the clocks of one incident run. */
const KILLS = 3;
const HOOK_SECRET = 'a-secret-of-some-length';

const document = (hook: string): string => `
listen: false
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/", every: 30s }
objectives: []
notify:
  - { kind: webhook, url: "${hook}", secret: "\${HOOK_SECRET}" }
incidents:
  rfc: test
  intervals:
    sev1: { page: 1s, acknowledge: 1s, engage: 1s, commander: 2s, leadership: 2s, escalate: 3s, persist: 2s, statusPage: 2s }
`;

const noticeSchema = z.object({
  type: z.string(),
  data: z.object({ dedupeKey: z.string(), to: z.string(), incident: z.string().nullable() }),
});

test(
  `${ROUNDS} kills while incidents run: each deadline is recorded once, each escalation is told at least once, under one key (PULSEDRILL_SEED=${SEED})`,
  { timeout: 60_000 + ROUNDS * 30_000 },
  async () => {
    const random = seededRandom(SEED);
    const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-kill-incidents-'));
    await using hook = await startHook();
    const options: CliOptions = { folder, env: { HOOK_SECRET } };
    const file = join(folder, 'pulsedrill.config.yaml');
    writeFileSync(file, document(`${hook.url}/hook`));
    const loaded = await loadConfiguration({ file, folder, environment: { HOOK_SECRET } });
    if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
    const timing = timingOf(loaded.configuration.incidents);
    const heard = (): readonly Told[] =>
      hook.received.map(({ json, headers }) => ({
        ...noticeSchema.parse(json),
        messageId: String(headers['webhook-id']),
      }));
    try {
      for (let kills = 0; kills < ROUNDS; kills += KILLS) {
        const many = Math.min(KILLS, ROUNDS - kills);
        const id = await opened(options);
        for (let kill = 0; kill < many; kill += 1) {
          await using running = startCli(['run'], options);
          await delay(300 + random() * 4000);
          running.process.kill('SIGKILL');
          await running.ended;
        }
        await using last = startCli(['run'], options);
        await eventually(() => (/runner-started/.test(last.stderr()) ? true : undefined), 'it has started');
        const incident = await settled(folder, id, timing);
        await eventually(() => (untold(incident, timing, heard()).length === 0 ? true : undefined), 'all is delivered');
        last.process.kill('SIGTERM');
        expect((await last.ended).code).toBe(0);
        checkRecord(folder, incident, timing);
        checkKeys(incident, heard());
        expect((await cli(['incident', 'resolve', id, '--by', 'ana', '--reason', 'over'], options)).code).toBe(0);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

async function opened(options: CliOptions): Promise<string> {
  // The first one of a folder: there is no ledger yet, and opening makes it.
  const about = ['--severity', 'SEV-1', '--service', 'client-api', '--by', 'cyd', '--json'];
  const { stdout, stderr, code } = await cli(['incident', 'open', 'it is down', ...about], options);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return z.object({ id: z.string() }).parse(JSON.parse(stdout)).id;
}

function read(folder: string): readonly Incident[] {
  using ledger = new Ledger({ path: join(folder, 'pulsedrill.db'), readOnly: true });
  return incidentsOf(ledger.events({ kind: 'incident' }).filter(isIncidentEvent));
}

/** Until every step of the ladder was told, and a while longer. */
function settled(folder: string, id: string, timing: Timing): Promise<Incident> {
  return eventually(
    () => {
      const incident = read(folder).find((each) => each.id === id);
      if (incident === undefined) return undefined;
      const isDone = escalationsOf(incident, timing).every(({ notice, key }) => incident.told.has(`${notice} ${key}`));
      return isDone && incident.deadlines.has('acknowledge') && incident.deadlines.has('leadership')
        ? incident
        : undefined;
    },
    'all is told',
    60_000,
  );
}

function checkRecord(folder: string, { id, lastMs, deadlines }: Incident, timing: Timing): void {
  using ledger = new Ledger({ path: join(folder, 'pulsedrill.db'), readOnly: true });
  const events = ledger.events({ kind: 'incident' }).filter(({ subject }) => subject === id);
  for (const type of ['deadline', 'told']) {
    const own = events.filter(({ body }) => body['type'] === type);
    const keys = own.map(({ body }) => `${String(body['notice'])} ${String(body['key'])}`);
    expect(new Set(keys).size).toBe(keys.length);
  }
  // Whatever was due some time before the last word is recorded, as of its time, and not before it.
  const [now] = read(folder).filter((each) => each.id === id);
  const due = now === undefined ? [] : deadlinesOf(now, timing, lastMs).filter(({ dueMs }) => dueMs < lastMs - 8000);
  expect(due.filter(({ key }) => now?.deadlines.has(key) !== true)).toEqual([]);
  for (const { dueMs, foundMs, state } of deadlines.values())
    expect(state === 'met' || foundMs >= dueMs, 'found when it was due, or later').toBe(true);
}

interface Told extends z.output<typeof noticeSchema> {
  readonly messageId: string;
}

/** Escalations that did not arrive. */
function untold(incident: Incident, timing: Timing, told: readonly Told[]): readonly string[] {
  const heard = new Set(told.map(({ type, data }) => `${type.replace('alert.', '')} ${data.to} ${data.dedupeKey}`));
  return escalationsOf(incident, timing)
    .map(({ notice, key, to }) => `${notice} ${to} ${incident.id}/${key}`)
    .filter((each) => !heard.has(each));
}

/** Said again it is the same message: whoever takes each id once hears it once. */
function checkKeys({ id }: Incident, told: readonly Told[]): void {
  const own = told.filter(({ data }) => data.incident === id);
  const conversations = Map.groupBy(own, ({ type, data }) => `${type} ${data.dedupeKey}`);
  expect(conversations.size).toBeGreaterThan(8);
  for (const messages of conversations.values())
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(1);
}
