import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDelivery, type Delivery, type DeliveryOptions } from '../../runner/delivery.ts';
import { LedgerError, type LedgerErrorCode } from '../../store/ledger-error.ts';
import type { Result } from '../../store/result.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { createSpill, type Spill } from '../../store/spill.ts';
import { aResult } from '../support/results.ts';
import { eventually } from '../support/servers.ts';

const refusal = (code: LedgerErrorCode): LedgerError => new LedgerError(code, '/srv/a.db', 'no', 'mend it');

interface Ledger {
  readonly stored: string[];
  /** What the next append does, until set otherwise. */
  answer: () => Promise<void>;
  readonly lines: string[];
  readonly delivery: Delivery;
}

function ledger(part: Partial<DeliveryOptions> = {}): Ledger {
  const stored: string[] = [];
  const lines: string[] = [];
  const made: Ledger = {
    stored,
    lines,
    answer: () => Promise.resolve(),
    delivery: createDelivery({
      append: async (results) => {
        const ids = results.map((result) => result.runId);
        await made.answer();
        stored.push(...ids);
      },
      onTrouble: (line) => lines.push(line),
      limit: 100,
      retryMs: 1,
      patienceMs: 10_000,
      spill: spillOf('a'),
      ...part,
    }),
  };
  return made;
}

let folder = '';
let place = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-delivery-'));
  place = join(folder, 'spill');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const spillOf = (instance: string): Spill =>
  createSpill({ folder: place, identity: 'the-ledger', instance, uid: null });

it('says that the ledger refuses, to whoever asked before and to whoever asks while it does', async () => {
  const held = ledger({ retryMs: 60_000 });
  held.answer = () => Promise.reject(refusal('full'));
  const before = held.delivery.refusal(new AbortController().signal);
  const gone = new AbortController();
  const nobody = held.delivery.refusal(gone.signal);
  gone.abort();
  expect(await nobody).toBeNull();
  held.delivery.deliver(aResult(0));
  const told = await before;
  expect(told).toMatchObject({ code: 'full' });
  expect(await held.delivery.refusal(new AbortController().signal)).toBe(told);
  expect(await held.delivery.refusal(AbortSignal.abort())).toBeNull();
});

const brokenSpill = (): Spill =>
  createSpill({ folder: '/proc/nope', identity: 'the-ledger', instance: 'a', uid: null });
const NO_SPILL = 'neither the ledger nor /proc/nope can be written (ENOENT)';

const ids = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, n) => aResult(from + n).runId);

/** Takes `count` results, then lets go. */
async function take(results: AsyncIterable<Result>, count: number): Promise<readonly string[]> {
  const taken: string[] = [];
  for await (const { runId } of results) {
    taken.push(runId);
    if (taken.length === count) break;
  }
  return taken;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a result', () => {
  it('is heard of only once it is durable', async () => {
    let allow: () => void = () => undefined;
    const durable = new Promise<void>((resolve) => {
      allow = resolve;
    });
    const held = ledger();
    held.answer = () => durable;
    const heard: string[] = [];
    const stop = new AbortController();
    const listening = (async () => {
      for await (const { runId } of held.delivery.watch(stop.signal)) heard.push(runId);
    })();
    held.delivery.deliver(aResult(1));
    await turn();
    expect(heard).toEqual([]);
    expect(held.stored).toEqual([]);
    allow();
    await held.delivery.flush();
    await turn();
    expect(heard).toEqual(ids(1, 2));
    expect(held.stored).toEqual(ids(1, 2));
    stop.abort();
    await listening;
  });

  it('is counted as waiting until it is on its way', async () => {
    const made = ledger();
    let allow: () => void = () => undefined;
    made.answer = () =>
      new Promise((resolve) => {
        allow = resolve;
      });
    for (let n = 0; n < 4; n += 1) made.delivery.deliver(aResult(n));
    expect(made.delivery.waiting).toBe(3);
    made.answer = () => Promise.resolve();
    allow();
    await made.delivery.flush();
    expect(made.delivery.waiting).toBe(0);
    expect(made.stored).toEqual(ids(0, 4));
  });

  it('is not left behind when it comes just as the queue runs dry', async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const made = ledger();
      made.delivery.deliver(aResult(0));
      for (let n = 0; n < turns; n += 1) await Promise.resolve();
      made.delivery.deliver(aResult(1));
      await turn();
      await turn();
      expect(made.stored).toEqual(ids(0, 2));
    }
  });
});

describe('a ledger that refuses for a while', () => {
  it.each(['full', 'locked', 'unwritable'] as const)(
    '(%s) is asked again; nothing is lost and the order is kept',
    async (code) => {
      const made = ledger();
      let refusals = 3;
      made.answer = () => {
        refusals -= 1;
        return refusals >= 0 ? Promise.reject(refusal(code)) : Promise.resolve();
      };
      const watched = take(made.delivery.watch(new AbortController().signal), 20);
      for (let n = 0; n < 10; n += 1) made.delivery.deliver(aResult(n));
      await turn();
      for (let n = 10; n < 20; n += 1) made.delivery.deliver(aResult(n));
      await made.delivery.flush();
      expect(made.stored).toEqual(ids(0, 20));
      expect(await watched).toEqual(ids(0, 20));
      expect(made.lines).toEqual([
        'results wait in memory: ledger /srv/a.db: no: mend it',
        'the ledger takes results again; none was lost',
      ]);
    },
  );

  it('at random keeps every result, once, in order', async () => {
    const random = seededRandom(20_260_115);
    const made = ledger({ limit: 100_000 });
    made.answer = async () => {
      if (random() < 0.3) await turn();
      if (random() < 0.4) throw refusal('locked');
    };
    for (let n = 0; n < 300; n += 1) {
      made.delivery.deliver(aResult(n));
      if (random() < 0.2) await turn();
    }
    await made.delivery.flush();
    expect(made.stored).toEqual(ids(0, 300));
  });
});

describe('results that cannot be kept', () => {
  it('fail the delivery beyond the limit where they cannot be put aside either, with how many were lost', async () => {
    const made = ledger({ limit: 3, spill: brokenSpill() });
    made.answer = () => Promise.reject(refusal('full'));
    for (let n = 0; n < 5; n += 1) made.delivery.deliver(aResult(n));
    await expect(made.delivery.failed).rejects.toMatchObject({ code: 'full' });
    expect(made.lines.at(-1)).toBe(`lost: 5 results; ${NO_SPILL}`);
    expect(made.delivery.account()).toBe(`lost: 5 results; ${NO_SPILL}`);
    await made.delivery.flush();
    expect(made.delivery.waiting).toBe(0);
  });

  it('do not fail it at the limit', async () => {
    const made = ledger({ limit: 3 });
    let refusals = 0;
    made.answer = () => {
      refusals += 1;
      return refusals < 5 ? Promise.reject(refusal('full')) : Promise.resolve();
    };
    for (let n = 0; n < 3; n += 1) made.delivery.deliver(aResult(n));
    await made.delivery.flush();
    expect(made.stored).toEqual(ids(0, 3));
  });

  it.each(['closed', 'corrupt', 'newer'] as const)('fail it at once where waiting is no help (%s)', async (code) => {
    const made = ledger();
    made.answer = () => Promise.reject(refusal(code));
    made.delivery.deliver(aResult(0));
    await expect(made.delivery.failed).rejects.toMatchObject({ code });
  });

  it('fail it at once on an error that nobody foresaw', async () => {
    const made = ledger();
    made.answer = () => Promise.reject(new TypeError('a bug'));
    made.delivery.deliver(aResult(0));
    await expect(made.delivery.failed).rejects.toThrow('a bug');
  });

  it('do not hold up the end of the process for ever', async () => {
    const made = ledger({ patienceMs: 30, spill: brokenSpill() });
    made.answer = () => Promise.reject(refusal('full'));
    made.delivery.deliver(aResult(0));
    await made.delivery.flush();
    await expect(made.delivery.failed).rejects.toMatchObject({ code: 'full' });
    expect(made.lines).toEqual([
      'results wait in memory: ledger /srv/a.db: no: mend it',
      `lost: 1 result; ${NO_SPILL}`,
    ]);
  });
});

describe('results that a ledger refuses', () => {
  const FIRST = () => join(place, 'the-ledger-a-1.ndjson');

  it('are put aside beyond the limit, and taken in once the ledger takes results again', async () => {
    const made = ledger({ limit: 3 });
    made.answer = () => Promise.reject(refusal('full'));
    for (let n = 0; n < 5; n += 1) made.delivery.deliver(aResult(n));
    await eventually(() => (made.delivery.aside === 5 ? true : undefined), 'five are put aside');
    made.delivery.deliver(aResult(5));
    await turn();
    expect(made.delivery.waiting).toBe(6);
    expect(made.delivery.trouble).toMatchObject({ code: 'full' });
    made.answer = () => Promise.resolve();
    await made.delivery.flush();
    expect(made.stored).toEqual([...ids(5, 6), ...ids(0, 5)]);
    expect(made.delivery).toMatchObject({ waiting: 0, aside: 0, trouble: null });
    expect(made.delivery.account()).toBeNull();
    expect(readdirSync(place)).toEqual([]);
    expect(made.lines).toEqual([
      'results wait in memory: ledger /srv/a.db: no: mend it',
      `put aside in ${FIRST()}, until the ledger takes results again: 5 results`,
      'the ledger takes results again; none was lost',
      `taken in from ${FIRST()}: 5 results`,
    ]);
  });

  it('are put aside when the process is to end, and the next one takes them in before anything else', async () => {
    const stop = new AbortController();
    const made = ledger({ stop: stop.signal, patienceMs: 1 });
    made.answer = () => Promise.reject(refusal('full'));
    for (let n = 0; n < 3; n += 1) made.delivery.deliver(aResult(n));
    await turn();
    stop.abort('SIGTERM');
    await eventually(
      () => (made.delivery.aside === 3 ? true : undefined),
      'they are safe before the last run has ended',
    );
    made.delivery.deliver(aResult(3));
    await made.delivery.flush();
    expect(made.delivery.account()).toBe(`put aside in ${place}, for the next start to take in: 4 results`);

    const next = ledger({ spill: spillOf('b') });
    next.stored.push(...ids(0, 1));
    await next.delivery.recover();
    expect(next.stored).toEqual([...ids(0, 1), ...ids(0, 4)]);
    expect(readdirSync(place)).toEqual([]);
    expect(next.lines).toEqual([
      `taken in from ${FIRST()}: 3 results`,
      `taken in from ${join(place, 'the-ledger-a-2.ndjson')}: 1 result`,
    ]);
  });

  it('are put aside at once where waiting is no help', async () => {
    const made = ledger();
    made.answer = () => Promise.reject(refusal('corrupt'));
    made.delivery.deliver(aResult(0));
    await expect(made.delivery.failed).rejects.toMatchObject({ code: 'corrupt' });
    expect(made.delivery.account()).toBe(`put aside in ${place}, for the next start to take in: 1 result`);
  });

  it('stay where they are while the ledger goes on refusing', async () => {
    await spillOf('dead').write([aResult(0)]);
    const made = ledger();
    made.answer = () => Promise.reject(refusal('locked'));
    await made.delivery.recover();
    expect(made.lines).toEqual([`results in ${place} cannot be taken in yet: ledger /srv/a.db: no: mend it`]);
    expect(readdirSync(place)).toHaveLength(1);
    // Said once, tried again and again.
    await made.delivery.recover();
    made.answer = () => Promise.resolve();
    await eventually(() => (made.stored.length === 1 ? true : undefined), 'it was tried again');
    await made.delivery.flush();
    expect(made.lines.slice(1)).toEqual([`taken in from ${join(place, 'the-ledger-dead-1.ndjson')}: 1 result`]);
  });

  it('wait no longer once another process on the same ledger has taken them in', async () => {
    const made = ledger({ limit: 0 });
    made.answer = () => Promise.reject(refusal('full'));
    made.delivery.deliver(aResult(0));
    await eventually(() => (made.delivery.aside === 1 ? true : undefined), 'it is put aside');
    const other = ledger({ spill: spillOf('b') });
    await other.delivery.recover();
    expect(other.stored).toEqual(ids(0, 1));
    await made.delivery.recover();
    expect(made.delivery.aside).toBe(0);
  });

  it('go to the ledger in handfuls: what crosses to its thread is copied on the loop that measures', async () => {
    const sizes: number[] = [];
    const made = ledger({
      append: (results) => {
        sizes.push(results.length);
        return Promise.resolve();
      },
    });
    for (let n = 0; n < 1200; n += 1) made.delivery.deliver(aResult(n));
    await made.delivery.flush();
    expect(sizes).toEqual([1, 500, 500, 199]);
  });
});

describe('a watch', () => {
  it('hears what became durable between its call and the first question', async () => {
    const made = ledger();
    const results = made.delivery.watch(new AbortController().signal);
    made.delivery.deliver(aResult(0));
    await made.delivery.flush();
    expect(await take(results, 1)).toEqual(ids(0, 1));
  });

  it('hears nothing of what came before it', async () => {
    const made = ledger();
    made.delivery.deliver(aResult(0));
    await made.delivery.flush();
    const results = made.delivery.watch(new AbortController().signal);
    made.delivery.deliver(aResult(1));
    expect(await take(results, 1)).toEqual(ids(1, 2));
  });

  it('ends without a throw when its signal aborts, while it waits', async () => {
    const made = ledger();
    const stop = new AbortController();
    const listening = take(made.delivery.watch(stop.signal), 2);
    await turn();
    stop.abort(new Error('enough'));
    expect(await listening).toEqual([]);
  });

  it('ends at once when its signal had aborted before', async () => {
    expect(await take(ledger().delivery.watch(AbortSignal.abort()), 1)).toEqual([]);
  });

  it('is one of several, each of which hears everything at its own speed', async () => {
    const made = ledger();
    const stop = new AbortController();
    const [fast, slow] = [made.delivery.watch(stop.signal), made.delivery.watch(stop.signal)];
    for (let n = 0; n < 5; n += 1) made.delivery.deliver(aResult(n));
    expect(await take(fast, 5)).toEqual(ids(0, 5));
    for (let n = 5; n < 8; n += 1) made.delivery.deliver(aResult(n));
    await made.delivery.flush();
    expect(await take(slow, 8)).toEqual(ids(0, 8));
  });
});
