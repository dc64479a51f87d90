import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { cellsOf, fromCrossing, toCrossing } from '../../store/crossing.ts';
import type { Result } from '../../store/result.ts';
import { resultCells } from '../../store/rows.ts';

const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of);
const ms = fc.double({ noNaN: true, noDefaultInfinity: true });

const results: fc.Arbitrary<Result> = fc
  .record({
    runId: fc.string({ unit: 'binary' }),
    probe: fc.string(),
    kind: fc.string(),
    service: fc.string(),
    location: fc.string(),
    endpoint: maybe(fc.string()),
    venue: maybe(fc.string()),
    scheduledMs: ms,
    startedMs: ms,
    latenessMs: ms,
    durationMs: maybe(ms),
    cadence: fc.constantFrom('green' as const, 'yellow' as const, 'red' as const, 'gameday' as const, 'once' as const),
    weightMs: fc.nat(),
    outcome: fc.constantFrom('good' as const, 'bad' as const, 'fault' as const, 'skipped' as const),
    reason: fc.constantFrom(null, 'timeout' as const),
    detail: maybe(fc.string({ unit: 'binary' })),
    phases: fc.record({
      dnsMs: maybe(ms),
      connectMs: maybe(ms),
      tlsMs: maybe(ms),
      sentMs: maybe(ms),
      firstByteMs: maybe(ms),
      transferMs: maybe(ms),
    }),
    readings: fc.array(
      fc.record({ type: fc.constant('duration' as const), indicator: fc.constant('latency' as const), ms: maybe(ms) }),
    ),
    values: fc.dictionary(fc.string(), fc.integer()),
    loopDelayMs: maybe(ms),
    gameday: maybe(fc.string()),
  })
  .map((result) => ({ ...result, values: { ...result.values } }));

/** Every property by its name, as whoever judges asks for it. */
function read(result: Result, like: Result): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, Reflect.get(result, key)]));
}

describe('a result that crosses to the thread of the ledger', () => {
  test('has the properties that it had, as they are read back from the ledger, and the same cells', () => {
    fc.assert(
      fc.property(results, (result) => {
        const arrived = fromCrossing(structuredClone(toCrossing(result)));
        const stored = { ...result, readings: JSON.parse(JSON.stringify(result.readings)) };
        expect(read(arrived, result)).toEqual(stored);
        expect(cellsOf(arrived)).toEqual(resultCells(result));
        expect(cellsOf(result)).toEqual(resultCells(result));
      }),
    );
  });

  test('has no trail where there was none, and the whole of one that there was', () => {
    const [result] = fc.sample(results, { numRuns: 1, seed: 1 });
    if (result === undefined) throw new Error('no sample');
    const trail = [{ what: 'hop', at: 1 }];
    const along: Result = { ...result, ...JSON.parse(JSON.stringify({ trail })) };
    expect(fromCrossing(toCrossing(along)).trail).toEqual(trail);
    expect(cellsOf(fromCrossing(toCrossing(result)))[17]).toBeNull();
    expect(fromCrossing(toCrossing(result)).trail).toBeUndefined();
  });
});
