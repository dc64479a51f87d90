import { describe, expect, it } from 'vitest';
import { createOverloadWatch, LOOK_MS, type Overload } from '../../runner/overload.ts';
import { watchOwnLoad } from '../../runner/own-load.ts';
import type { Result } from '../../store/result.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aResult } from '../support/results.ts';

const MINUTE = { weightMs: 60_000 };
const LATE = { ...MINUTE, latenessMs: 1001 };

function watched() {
  const clock = new ManualClock();
  const stop = new AbortController();
  const said: (readonly [string, string | number, boolean?])[] = [];
  let busy = 0.2;
  const watch = createOverloadWatch({
    clock,
    busy: () => busy,
    onBegin: ({ text }: Overload) => said.push(['began', text]),
    onEnd: (_overload, forMs, isStopped) => said.push(['ended', forMs, isStopped]),
  });
  const done = watch.run(stop.signal);
  let n = 0;
  const hear = (count: number, result: Partial<Result>): void => {
    for (let each = 0; each < count; each += 1) watch.hear(aResult((n += 1), result));
  };
  return {
    watch,
    clock,
    said,
    hear,
    setBusy: (share: number) => {
      busy = share;
    },
    /** One stretch between two looks, with so many good runs and so many of another kind. */
    pass: async (good: number, others = 0, result: Partial<Result> = LATE) => {
      hear(good, MINUTE);
      hear(others, result);
      await clock.advance(LOOK_MS);
    },
    stop: async () => {
      stop.abort();
      await done;
    },
  };
}

describe('an overload', () => {
  it('begins once when runs of more than one look suffer, and says what was seen and what to do', async () => {
    const { said, pass, stop, watch } = watched();
    await pass(80, 20);
    expect([said, watch.standing()]).toEqual([[], null]);
    await pass(80, 20);
    const text =
      'overloaded: of 200 runs 40 began late (at most 1.0 s late); event loop busy 20 %; probe less, at longer intervals, or in another process';
    expect(said).toEqual([['began', text]]);
    await pass(80, 20);
    expect(said).toHaveLength(1);
    expect(watch.standing()?.strain).toMatchObject({ runs: 300, late: 60 });
    await stop();
  });

  it('stands while the share is between both limits, and is over below the lower one, once', async () => {
    const { said, pass, stop } = watched();
    for (let look = 0; look < 2; look += 1) await pass(80, 20);
    for (let look = 0; look < 24; look += 1) await pass(93, 7);
    expect(said).toHaveLength(1);
    for (let look = 0; look < 12; look += 1) await pass(100);
    expect(said.slice(1)).toEqual([['ended', expect.any(Number), false]]);
    // Of 7 in 100 and 0 in 100, two minutes together fall to 5 % when four of the twelve looks are clean.
    expect(said[1]?.[1]).toBe((24 + 4) * LOOK_MS);
    await stop();
  });

  it('of the last half minute is told at any time, busy only by three looks', async () => {
    const { watch, pass, hear, setBusy, stop } = watched();
    setBusy(0.25);
    await pass(80, 20);
    expect(watch.recent()).toMatchObject({ runs: 100, late: 20, busy: null });
    for (let look = 0; look < 3; look += 1) await pass(10);
    hear(2, LATE);
    expect(watch.recent()).toMatchObject({ runs: 32, late: 2, busy: 0.25 });
    await stop();
  });

  it('does not begin between both limits', async () => {
    const { said, pass, stop } = watched();
    for (let look = 0; look < 24; look += 1) await pass(93, 7);
    expect(said).toEqual([]);
    await stop();
  });

  it('is not begun by one hold-up, however many runs it cost', async () => {
    const { said, pass, stop } = watched();
    await pass(10);
    await pass(0, 500, { ...MINUTE, outcome: 'skipped', reason: 'missed', values: { missed: 9 } });
    for (let look = 0; look < 12; look += 1) await pass(10);
    expect(said).toEqual([]);
    await stop();
  });

  it('is not begun by a slow target, nor by two runs', async () => {
    const { said, pass, stop } = watched();
    const slow: Partial<Result> = { ...MINUTE, outcome: 'skipped', reason: 'overlap', latenessMs: 5000 };
    for (let look = 0; look < 12; look += 1) await pass(10, 10, slow);
    for (let look = 0; look < 12; look += 1) await pass(0);
    await pass(0, 1);
    await pass(0, 1);
    expect(said).toEqual([]);
    await stop();
  });

  it('counts a run that could not begin because its predecessor, held up by this process, had not ended', async () => {
    const { watch, hear, pass, stop } = watched();
    for (let look = 0; look < 2; look += 1) {
      hear(1, LATE);
      hear(1, { ...MINUTE, outcome: 'skipped', reason: 'overlap' });
      hear(1, { ...MINUTE, outcome: 'fault', reason: 'loop-stall' });
      hear(1, { weightMs: 100, latenessMs: 51 });
      hear(1, { weightMs: 100, latenessMs: 49 });
      await pass(0, 1, { ...MINUTE, outcome: 'skipped', reason: 'missed', values: { missed: 3 } });
    }
    const strain = { runs: 16, late: 4, missed: 6, overlapped: 2, stalled: 2, worstMs: 1001, busy: 0.2 };
    expect(watch.standing()?.strain).toEqual(strain);
    await stop();
  });

  it('is seen in an event loop that waits for nothing any more during two minutes, before any run suffers', async () => {
    const { said, pass, stop, setBusy } = watched();
    setBusy(0.99);
    for (let look = 0; look < 11; look += 1) await pass(10);
    expect(said).toEqual([]);
    await pass(10);
    expect(said[0]?.[1]).toBe(
      'overloaded: none of 120 runs suffered yet; event loop busy 99 %; probe less, at longer intervals, or in another process',
    );
    setBusy(0.5);
    for (let look = 0; look < 12; look += 1) await pass(10);
    expect(said.map(([what]) => what)).toEqual(['began', 'ended']);
    await stop();
  });

  it('that stands when the process ends is said to end with it', async () => {
    const { said, pass, stop } = watched();
    for (let look = 0; look < 3; look += 1) await pass(0, 10);
    await stop();
    expect(said[1]).toEqual(['ended', LOOK_MS, true]);
  });
});

it('an overload is two events in the ledger: its beginning with the figures, its end with its length', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const events: LedgerEvent[] = [];
  const record = (event: LedgerEvent): Promise<void> => {
    events.push(event);
    return Promise.resolve();
  };
  const watch = watchOwnLoad({ location: 'fra1', clock, record, warn: () => undefined, busy: () => 0.5 });
  const done = watch.run(stop.signal);
  for (let look = 0; look < 2; look += 1) {
    for (let n = 0; n < 5; n += 1) watch.hear(aResult(look * 10 + n, LATE));
    await clock.advance(LOOK_MS);
  }
  for (let look = 0; look < 12; look += 1) await clock.advance(LOOK_MS);
  stop.abort();
  await done;
  const T = 1_800_000_000_000;
  const strain = { runs: 10, late: 10, missed: 0, overlapped: 0, stalled: 0, worstMs: 1001, busy: 0.5 };
  expect(events).toEqual([
    {
      id: `overload/fra1/began/${T + 20_000}`,
      atMs: T + 20_000,
      kind: 'overload',
      service: null,
      subject: 'began',
      body: {
        ...strain,
        text: 'overloaded: of 10 runs 10 began late (at most 1.0 s late); event loop busy 50 %; probe less, at longer intervals, or in another process',
      },
    },
    {
      id: `overload/fra1/ended/${T + 140_000}`,
      atMs: T + 140_000,
      kind: 'overload',
      service: null,
      subject: 'ended',
      body: {
        sinceMs: T + 20_000,
        forMs: 120_000,
        isStopped: false,
        ...strain,
        text: 'overload over after 2 min: of 10 runs 10 began late (at most 1.0 s late); event loop busy 50 %',
      },
    },
  ]);
});

it('an overload that cannot be recorded is said all the same', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const lines: string[] = [];
  const watch = watchOwnLoad({
    location: 'fra1',
    clock,
    record: () => Promise.reject(new Error('the disk is full')),
    warn: (line) => lines.push(line),
    busy: () => 1,
  });
  const done = watch.run(stop.signal);
  for (let look = 0; look < 12; look += 1) await clock.advance(LOOK_MS);
  expect(lines).toEqual([
    'overloaded: none of 0 runs suffered yet; event loop busy 100 %; probe less, at longer intervals, or in another process (could not be recorded: the disk is full)',
  ]);
  stop.abort();
  await done;
});
