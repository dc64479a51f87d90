import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertBoard, Condition } from '../../../runner/alerts/alert.ts';
import { createAlertBoard } from '../../../runner/alerts/board.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { openStore } from '../../../store/open.ts';

const BURN: Condition = {
  key: 'slo-api/burn/1h',
  rule: 'burn',
  severity: 'SEV-2',
  as: 'page',
  service: 'client-api',
  objective: 'slo-api',
  says: 'burning at 14.4× or more',
  lastBadAtMs: 1000,
};
const TICKET: Condition = { ...BURN, key: 'slo-api/burn/3d', severity: 'SEV-3', as: 'ticket' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'board-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A board over a ledger of its own; `again` is the board of the next process. */
async function bench() {
  const store = await openStore({ path: join(folder, 'ledger.db'), objectives: [] });
  const heard: string[] = [];
  const warnings: string[] = [];
  const recorded: LedgerEvent[] = [];
  let nowMs = 10_000;
  let refuses = false;
  const make = (): AlertBoard =>
    createAlertBoard({
      store,
      wallMs: () => nowMs,
      async record(event) {
        if (refuses) throw new Error('disk full');
        await store.recordEvents([event]);
        recorded.push(event);
      },
      listeners: [({ type, alert }) => heard.push(`${type} ${alert.key} ${alert.severity} ${alert.as}`)],
      warn: (line) => warnings.push(line),
    });
  return {
    board: make(),
    again: make,
    heard,
    warnings,
    recorded,
    pass: (ms: number) => (nowMs += ms),
    refuse: (value: boolean) => (refuses = value),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

describe('an alert', () => {
  it('opens once, and ends with its condition', async () => {
    await using it = await bench();
    for (let time = 0; time < 3; time += 1) await it.board.report('objectives', [BURN, TICKET]);
    expect(it.heard).toEqual(['opened slo-api/burn/1h SEV-2 page', 'opened slo-api/burn/3d SEV-3 ticket']);
    expect(it.board.standing().map(({ key }) => key)).toEqual([BURN.key, TICKET.key]);
    it.pass(60_000);
    await it.board.report('objectives', [TICKET]);
    expect(it.heard.slice(2)).toEqual(['ended slo-api/burn/1h SEV-2 page']);
    it.pass(60_000);
    await it.board.report('objectives', [BURN, TICKET]);
    expect(it.heard.slice(3)).toEqual(['opened slo-api/burn/1h SEV-2 page']);
    const ids = it.recorded.map(({ body }) => body['id']);
    expect(ids[0]).toBe(ids[2]);
    expect(ids[0]).not.toBe(ids[3]);
  });

  it('of another source is none of its business', async () => {
    await using it = await bench();
    await it.board.report('objectives', [BURN]);
    await it.board.report('clock', []);
    expect(it.heard).toHaveLength(1);
    expect(it.board.standing()).toHaveLength(1);
  });

  it('is news again when it gets worse, or gains enough events to page, not when it gets better', async () => {
    await using it = await bench();
    await it.board.report('s', [{ ...BURN, as: 'review', severity: 'SEV-2' }]);
    await it.board.report('s', [{ ...BURN, as: 'page', severity: 'SEV-2' }]);
    await it.board.report('s', [{ ...BURN, as: 'page', severity: 'SEV-1' }]);
    await it.board.report('s', [{ ...BURN, as: 'page', severity: 'SEV-2' }]);
    expect(it.heard).toEqual([
      'opened slo-api/burn/1h SEV-2 review',
      'worsened slo-api/burn/1h SEV-2 page',
      'worsened slo-api/burn/1h SEV-1 page',
    ]);
  });

  it('that was resolved while its condition lasts opens again only on new bad events', async () => {
    await using it = await bench();
    await it.board.report('s', [BURN]);
    const [alert] = it.board.standing();
    expect(await it.board.resolve(alert?.id ?? '', 'ana')).toMatchObject({ resolved: { atMs: 10_000, by: 'ana' } });
    expect(it.board.standing()).toEqual([]);
    expect(await it.board.resolve(alert?.id ?? '', 'ana')).toBeNull();
    await it.board.report('s', [BURN]);
    await it.board.report('s', [{ ...BURN, lastBadAtMs: 10_000 }]);
    expect(it.heard).toHaveLength(2);
    await it.board.report('s', [{ ...BURN, lastBadAtMs: 10_001 }]);
    expect(it.heard.slice(2)).toEqual(['opened slo-api/burn/1h SEV-2 page']);
  });

  it('says what its condition says now', async () => {
    await using it = await bench();
    await it.board.report('s', [BURN]);
    await it.board.report('s', [{ ...BURN, says: 'and worse', lastBadAtMs: 7 }]);
    expect(it.board.standing()).toMatchObject([{ says: 'and worse', lastBadAtMs: 7 }]);
    expect(it.heard).toHaveLength(1);
  });

  it('survives a restart: it does not open again, and ends when it is over', async () => {
    await using it = await bench();
    await it.board.report('s', [BURN]);
    const next = it.again();
    expect(next.standing()).toEqual([]);
    expect(await next.load()).toMatchObject([{ key: BURN.key, openedMs: 10_000 }]);
    await next.report('s', [BURN]);
    expect(it.heard).toHaveLength(1);
    await next.report('s', []);
    expect(it.heard.slice(1)).toEqual(['ended slo-api/burn/1h SEV-2 page']);
    expect(await it.again().load()).toEqual([]);
  });

  it('is told although the ledger refuses it, once, and is kept when there is room again', async () => {
    await using it = await bench();
    it.refuse(true);
    await it.board.report('s', [BURN]);
    await it.board.report('s', [BURN, TICKET]);
    expect(it.heard).toEqual(['opened slo-api/burn/1h SEV-2 page', 'opened slo-api/burn/3d SEV-3 ticket']);
    expect(it.warnings).toEqual(['alerts: a change could not be kept yet: disk full']);
    it.refuse(false);
    await it.board.report('s', [BURN]);
    expect(it.recorded.map(({ body, subject }) => [body['type'], subject])).toEqual([
      ['opened', BURN.key],
      ['opened', TICKET.key],
      ['ended', TICKET.key],
    ]);
  });

  it('of an older ledger, which had them in another form, is passed over', async () => {
    await using store = await openStore({ path: join(folder, 'old.db'), objectives: [] });
    const event = { id: 'old', atMs: 1, kind: 'alert' as const, service: null, subject: 'buy', body: { what: 'x' } };
    await store.recordEvents([event]);
    const board = createAlertBoard({ store, wallMs: () => 1, record: async () => {}, listeners: [], warn: () => {} });
    expect(await board.load()).toEqual([]);
  });
});
