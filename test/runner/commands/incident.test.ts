import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incidentEvent } from '../../../slo/incidents/event.ts';
import { openStore } from '../../../store/open.ts';
import { command } from './support.ts';

const CONFIGURATION = `
services: { client-api: { owners: [Execution Platform] }, billing: {} }
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.9", window: 6h, sli: availability, probes: [status] }
`;

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-incident-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  await using _ = await openStore({ path: join(folder, 'pulsedrill.db'), objectives: [] });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const incident = (...words: readonly string[]) => command(folder, 'incident', ...words);
const opened = async (severity = 'SEV-1', ...more: readonly string[]): Promise<string> => {
  const about = ['--severity', severity, '--service', 'client-api', '--by', 'cyd'];
  const { printed } = await incident('open', 'ACME cannot log in', ...about, ...more);
  return printed.split(/[ :]/)[0] ?? '';
};

describe('incident', () => {
  it('is opened by hand, worked on, resolved, written about and reviewed, each with who said so', async () => {
    expect((await incident('list')).printed).toBe('no incident');
    const id = await opened('SEV-1', '--breach', '--link', 'https://support.example/4711');
    expect(id).toMatch(/^inc-\d{8}-1$/);
    expect((await incident('list')).printed).toMatch(new RegExp(`${id} +SEV-1 +client-api +open .*ACME cannot log in`));
    expect(await incident('ack', id, '--by', 'ana')).toMatchObject({ code: 0, printed: `${id}: acknowledged by ana` });
    expect((await incident('commander', id, '--by', 'ana', '--name', 'bo')).printed).toBe(`${id}: bo commands`);
    expect((await incident('note', id, 'rolled | back', '--by', 'ana')).printed).toBe(`${id}: noted`);
    expect((await incident('update', id, 'logins fail', '--by', 'cyd')).printed).toBe(`${id}: status recorded`);
    expect((await incident('list')).printed).toMatch(/acknowledged/);
    expect((await incident('resolve', id, '--by', 'ana', '--reason', 'rolled back')).printed).toBe(
      `${id}: resolved by ana`,
    );
    // Its report and its review are owed.
    expect((await incident('list')).printed).toContain(id);
    expect((await incident('report', id, '--by', 'ana', '--link', 'https://wiki.example/1')).printed).toBe(
      `${id}: report filed`,
    );
    expect((await incident('held', id, '--by', 'dee')).printed).toBe(`${id}: review held`);
    expect((await incident('list')).printed).toBe('no incident');
    const { incidents } = JSON.parse((await incident('list', '--all', '--json')).printed);
    expect(incidents).toMatchObject([
      {
        id,
        state: 'resolved',
        breach: true,
        openedBy: 'cyd',
        acknowledged: { by: 'ana' },
        commander: 'bo',
        resolved: { by: 'ana', reason: 'rolled back' },
        reported: { by: 'ana' },
        reviewed: { by: 'dee' },
        links: ['https://support.example/4711'],
      },
    ]);
    const log = (await incident('log', id)).printed;
    expect(log).toContain(`# ${id}: ACME cannot log in`);
    expect(log).toContain('| acknowledged | ');
    expect(log).toContain(String.raw`| ana: rolled \| back |`);
    expect(log).toContain('| post-incident report filed by ana <https://wiki.example/1> |');
    expect(log).toMatch(/\| incident commander named \| .* \| met \|/);
    expect(log).toContain('- report: <https://wiki.example/1>');
  });

  it('has an agenda for its review, filled from the record', async () => {
    const id = await opened('SEV-2', '--breach');
    const waiver = { how: 'signed-off', by: 'eve', reason: 'hotfix' };
    {
      await using store = await openStore({ path: join(folder, 'pulsedrill.db') });
      const atMs = Date.now() + 5;
      const point = { objective: 'availability', service: 'client-api', colour: 'red', attainmentPct: 80, burn1h: 2 };
      await store.recordBudgets([{ ...point, atMs, consumedPct: 200, validEvents: 50, badEvents: 10 }]);
      const named = { id, service: 'client-api' };
      const body = {
        type: 'deadline',
        key: 'acknowledge',
        what: 'acknowledged by on-call',
        to: 'engineering-manager',
        dueMs: atMs,
        state: 'missed',
        metMs: null,
      } as const;
      await store.recordEvents([
        incidentEvent(named, atMs, body, 'acknowledge'),
        { id: 'gate/1', atMs: atMs - 60_000, kind: 'gate', service: 'client-api', subject: 'client-api', body: waiver },
      ]);
    }
    await incident('update', id, 'orders are late', '--by', 'cyd');
    await incident('commander', id, '--by', 'bo');
    const agenda = (await incident('review', id)).printed;
    expect(agenda).toContain(`# Incident review: ${id}, ACME cannot log in`);
    expect(agenda).toContain('- customer success\n- incident commander: bo\n- owners: Execution Platform');
    expect(agenda).toContain('| `availability` | SLO | – | 200.0 % | 10 of 50 | red |');
    expect(agenda).toMatch(/1 of \d deadlines was missed: acknowledged by on-call \(due /);
    expect(agenda).toMatch(/cyd: orders are late/);
    expect(agenda).toContain('a deploy was let through (signed-off) by eve: hotfix');
    expect(agenda).toContain('- why it was missed: acknowledged by on-call');
    expect(agenda).toContain('service credits');
    expect(JSON.parse((await incident('review', id, '--json')).printed)).toMatchObject({
      incident: { id },
      objectives: [{ objective: 'availability', worst: { consumedPct: 200 } }],
      waivers: [{ body: waiver }],
    });
  });

  it('gives each incident of a day its own name, also when two open at once', async () => {
    const names = await Promise.all([opened(), opened('SEV-2'), opened('SEV-3'), opened('SEV-2')]);
    const day = names[0]?.slice(4, 12) ?? '';
    expect(names.toSorted()).toEqual([`inc-${day}-1`, `inc-${day}-2`, `inc-${day}-3`, `ticket-${day}-1`]);
    const { incidents } = JSON.parse((await incident('list', '--json')).printed);
    expect(incidents.map((each: { channel: string | null }) => each.channel).toSorted()).toEqual([
      `#inc-${day}`,
      `#inc-${day}-2`,
      `#inc-${day}-3`,
      null,
    ]);
  });

  it('says that nobody is told while no process keeps the ledger', async () => {
    const { complained } = await incident('open', 'x', '--severity', 'SEV-1', '--service', 'billing', '--by', 'cyd');
    expect(complained).toBe('nobody is told yet: no "pulsedrill run" keeps this ledger; its clocks run all the same');
  });

  it('is raised to a worse severity only, and a ticket not at all', async () => {
    const id = await opened('SEV-2');
    const raise = (which: string, severity: string) =>
      incident('raise', which, '--severity', severity, '--by', 'ana', '--reason', 'all venues');
    expect((await raise(id, 'SEV-2')).complained).toBe(`incident: ${id} is SEV-2 already; a worse severity raises it`);
    expect(await raise(id, 'SEV-1')).toMatchObject({ code: 0, printed: `${id}: raised to SEV-1` });
    const ticket = await opened('SEV-3');
    expect((await raise(ticket, 'SEV-1')).complained).toBe(
      `incident: ${ticket} is a ticket; open an incident with incident open`,
    );
  });

  it('refuses words that do not fit', async () => {
    const id = await opened('SEV-2');
    expect((await incident('report', id, '--by', 'ana')).complained).toBe(
      `incident: ${id} is not resolved yet; incident resolve does that`,
    );
    await incident('resolve', id, '--by', 'ana', '--reason', 'over');
    const { code, complained } = await incident('ack', id, '--by', 'ana');
    expect(complained).toMatch(
      new RegExp(`^incident: ${id} is resolved since \\d{4}.*Z; open another with incident open$`),
    );
    expect(code).toBe(2);
  });

  const open = ['open', 'x', '--severity', 'SEV-2', '--service', 'client-api', '--by', 'cyd'];
  it.each([
    [['ack', 'inc-1', '--by', 'ana'], 'incident: expected the id of one, as incident list --all shows it, got "inc-1"'],
    [
      open.with(5, 'client-apo'),
      `--service: expected one of the configuration's (did you mean "client-api"?), got "client-apo"`,
    ],
    [open.with(3, 'SEV-4'), '--severity: expected SEV-1, SEV-2, SEV-3, got "SEV-4"'],
    [open.with(7, ' '), '--by: expected a word that can be recorded, got nothing'],
    [[...open, '--link', 'wiki'], '--link: expected an address such as "https://wiki.example/1", got "wiki"'],
    [
      ['ack', 'inc-1'],
      'pulsedrill incident ack: missing required argument: by; "pulsedrill incident ack --help" shows what is expected',
    ],
  ])('%j is refused, with the way to mend it', async (words, message) => {
    const { code, complained } = await incident(...words);
    expect(complained).toBe(message);
    expect(code).toBe(2);
  });
});
