import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LedgerError } from '../../store/ledger-error.ts';
import { openStore } from '../../store/open.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { AVAILABILITY, T0, aResult, collect } from '../support/results.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-store-'));
  path = join(folder, 'ledger.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ORDER = { clientOrderId: 'c1', probe: 'buy', venue: 'primary', runId: 'r', atMs: T0 };
const ALL = { fromMs: 0, toMs: T0 * 2 };
const open = (readOnly = false) => openStore({ path, objectives: [AVAILABILITY], stepMs: 60_000, readOnly });

describe('a store', () => {
  test('gives back what was appended, exactly, after it was closed and opened again', async () => {
    const results = Array.from({ length: 1_234 }, (_, n) =>
      aResult(n, n % 7 === 0 ? { outcome: 'bad', reason: 'timeout' } : {}),
    );
    {
      await using store = await open();
      await store.append(results.slice(0, 1_000));
      await Promise.all(results.slice(1_000).map((result) => store.append([result])));
    }
    await using store = await open();
    expect(await collect(store.results(ALL))).toEqual(results);
    const bad = results.filter(({ outcome }) => outcome === 'bad').length;
    expect(await store.tallies({ objective: AVAILABILITY.id, ...ALL, groupMs: T0 * 2 })).toEqual([
      {
        atMs: 0,
        split: '',
        good: 1_234 - bad,
        bad,
        excluded: 0,
        faults: 0,
        goodWeight: BigInt(1_234 - bad) * 1_000_000n,
        badWeight: BigInt(bad) * 1_000_000n,
        excludedWeight: 0n,
        faultWeight: 0n,
        squaredWeight: 1_234n * 1_000_000n,
        borderline: 0,
        bounded: 0,
      },
    ]);
  });

  test('commits appends that wait together in order, and once it is closed takes no more', async () => {
    const store = await open();
    const waiting = Array.from({ length: 50 }, (_, n) => store.append([aResult(n)]));
    await store[Symbol.asyncDispose]();
    await Promise.all(waiting);
    await expect(store.append([aResult(99)])).rejects.toThrow(`ledger ${path}: it was closed: open it again`);
    await using again = await open(true);
    expect(await collect(again.results(ALL))).toHaveLength(50);
  });

  test('a result that cannot be stored fails alone, not with those that waited beside it', async () => {
    await using store = await open();
    const broken = aResult(2, { weightMs: 0.5 });
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => store.append([n === 2 ? broken : aResult(n)])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await collect(store.results(ALL))).toEqual([aResult(1), aResult(3)]);
  });

  test('remembers events, budgets and orders once each', async () => {
    await using store = await open();
    const event: LedgerEvent = {
      id: 'e1',
      atMs: T0,
      kind: 'note',
      service: 'api',
      subject: 'hello',
      body: { a: [1, null] },
    };
    await store.recordEvents([event, { ...event, subject: 'again' }]);
    await store.recordEvents([{ ...event, id: 'e2', atMs: T0 - 1, service: null }]);
    expect(await store.events({})).toEqual([{ ...event, id: 'e2', atMs: T0 - 1, service: null }, event]);
    expect(await store.events({ service: 'api', fromMs: T0, kind: 'note' })).toEqual([event]);
    expect(await store.events({ toMs: T0 - 1 })).toEqual([]);

    const point = {
      objective: 'o',
      service: 'api',
      atMs: T0,
      colour: 'unknown',
      consumedPct: null,
      attainmentPct: 99.5,
      burn1h: null,
      validEvents: 10,
      badEvents: 1,
    };
    await store.recordBudgets([point, { ...point, colour: 'red' }]);
    expect(await store.budgets({ objective: 'o', fromMs: T0, toMs: T0 + 1 })).toEqual([point]);

    const order = ORDER;
    await store.intendOrder(order);
    await store.intendOrder({ ...order, clientOrderId: 'c0', atMs: T0 + 1 });
    expect((await store.openOrders()).map(({ clientOrderId }) => clientOrderId)).toEqual(['c1', 'c0']);
    await store.closeOrder('c0', 'filled', T0 + 2);
    await store.closeOrder('unheard-of', 'filled', T0 + 2);
    expect(await store.openOrders()).toEqual([order]);
  });

  test('says in one line that a ledger to be read is not there', async () => {
    const failure = await open(true).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LedgerError);
    expect(failure).toMatchObject({
      code: 'missing',
      path,
      message: `ledger ${path}: there is no such file: run pulsedrill run first, or name the right file`,
    });
  });

  test('has V8 keep the code of WebAssembly before its thread starts', async () => {
    const told = vi.spyOn(process.getBuiltinModule('node:v8'), 'setFlagsFromString');
    const toldBefore = new Promise<unknown>((resolve) => {
      process.once('worker', () => resolve([...told.mock.calls]));
    });
    await using store = await open();
    expect(await toldBefore).toEqual([['--no-wasm-code-gc']]);
    expect(await store.openOrders()).toEqual([]);
    told.mockRestore();
  });

  test('rejects all that waits, and what comes later, when its thread dies', async () => {
    const { promise: born, resolve } = Promise.withResolvers<Worker>();
    process.once('worker', resolve);
    const store = await open();
    await store.append([aResult(0)]);
    // Idle when it is told to end: Node may crash as a whole where a thread is ended inside of SQLite.
    const ended = (await born).terminate();
    const waiting = [1, 2, 3].map((n) => store.append([aResult(n)]));
    await ended;
    const outcomes = await Promise.allSettled([...waiting, store.append([aResult(4)]), store.intendOrder(ORDER)]);
    const died = `ledger ${path}: its thread ended with code 1: start pulsedrill again; what was stored is safe`;
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'closed', message: died } });
    await store[Symbol.asyncDispose]();
    await using again = await open();
    const kept = new Set((await collect(again.results(ALL))).map(({ runId }) => runId));
    for (const [index, { status }] of outcomes.slice(0, 3).entries()) {
      expect([status, kept.has(aResult(index + 1).runId)]).not.toEqual(['fulfilled', false]);
    }
    expect(kept.has(aResult(0).runId)).toBe(true);
  });
});
