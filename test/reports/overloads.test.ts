import { describe, expect, it } from 'vitest';
import { overloadsOf, overloadText } from '../../reports/sla/overloads.ts';
import type { LedgerEvent } from '../../store/store.ts';

const T = Date.UTC(2026, 2, 3, 9, 0, 0);
const MINUTE = 60_000;
const RANGE = { fromMs: T, toMs: T + 60 * MINUTE };
const STRAIN = { runs: 1200, late: 300, missed: 40, overlapped: 2, stalled: 1, worstMs: 5210, busy: 0.991 };

function event(subject: 'began' | 'ended', minute: number, body: LedgerEvent['body'] = STRAIN): LedgerEvent {
  const atMs = T + minute * MINUTE;
  return { id: `${subject}/${minute}`, atMs, kind: 'overload', service: null, subject, body };
}

describe('what a report says of an overloaded prober', () => {
  it('is how often, how long, and what became of the runs', () => {
    const events = [event('began', 5), event('ended', 8), event('began', 30), event('ended', 41)];
    expect(overloadText({ overloads: overloadsOf(events, RANGE) }).split('\n')).toEqual([
      '**The prober was overloaded 2 times, 14 min in all**: it was asked for more than it could do. Runs that it missed or spoiled are in no objective; those that only began late are, with what they found.',
      '',
      '| From (UTC) | For | Runs | Began late | Missed | Overlapped | Spoiled | Latest | Event loop busy |',
      '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      '| 2026-03-03 09:05:00 UTC | 3 min | 1,200 | 300 | 40 | 2 | 1 | 5.2 s | 99.100 % |',
      '| 2026-03-03 09:30:00 UTC | 11 min | 1,200 | 300 | 40 | 2 | 1 | 5.2 s | 99.100 % |',
    ]);
  });

  it('counts those that reach into the range, and no others', () => {
    const events = [-9, -3, -1, 2, 59, 70, 80, 90].map((minute, index) =>
      event(index % 2 === 0 ? 'began' : 'ended', minute),
    );
    const found = overloadsOf(events, RANGE);
    expect(found.map(({ fromMs, toMs }) => [(fromMs - T) / MINUTE, ((toMs ?? 0) - T) / MINUTE])).toEqual([
      [-1, 2],
      [59, 70],
    ]);
  });

  it('says where no end is on record, and takes the beginning from the end where that is what is left', () => {
    const events = [event('ended', 2, { ...STRAIN, sinceMs: T + MINUTE }), event('began', 5), event('began', 7)];
    const overloads = overloadsOf(events, RANGE);
    expect(overloads.map(({ fromMs, toMs }) => [fromMs - T, toMs])).toEqual([
      [MINUTE, T + 2 * MINUTE],
      [5 * MINUTE, null],
      [7 * MINUTE, null],
    ]);
    expect(overloadText({ overloads })).toContain('overloaded 3 times, 1 min in all (2 without an end on record)**');
    expect(overloadText({ overloads })).toContain('| 2026-03-03 09:07:00 UTC | no end on record |');
  });

  it('is one sentence where there was none', () => {
    expect(overloadText({ overloads: overloadsOf([], RANGE) })).toBe('No overload of the prober is on record.');
  });
});
