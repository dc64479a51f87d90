import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HourRows, joinedRows, spanOf } from '../../store/measures/hour.ts';
import { packRow, rowOf } from '../../store/measures/packed-row.ts';
import { Quantiles } from '../../store/measures/quantiles.ts';
import type { PartRow } from '../../store/measures/text.ts';
import { anyResult } from '../reports/arbitrary.ts';
import { AVAILABILITY, LATENCY } from '../support/results.ts';

const MINUTE = 60_000;
const { grid } = spanOf('day', MINUTE);

const samples = fc.array(
  fc.tuple(fc.double({ min: -50, max: 1e7, noNaN: true }), fc.integer({ min: 1, max: 2 ** 40 })),
  { maxLength: 40 },
);

function sketchOf(all: readonly (readonly [value: number, weight: number])[]): Quantiles {
  const sketch = new Quantiles();
  for (const [value, weight] of all) sketch.add(value, weight);
  return sketch;
}

function bytesOf(sketch: Quantiles): Uint8Array {
  const bytes: number[] = [];
  sketch.pack(bytes);
  return Uint8Array.from(bytes);
}

function whole(sketch: Quantiles): unknown {
  const { samples, min, max, low } = sketch;
  const figures = [0, 0.1, 0.5, 0.95, 1].map((q) => sketch.at(q));
  return { samples, min, max, low, figures, bytes: bytesOf(sketch) };
}

describe('a sketch as bytes', () => {
  test('is what it was, whichever way and in whatever order its parts were put together', () => {
    fc.assert(
      fc.property(fc.array(samples, { maxLength: 6 }), fc.infiniteStream(fc.nat(5)), (parts, places) => {
        const expected = whole(sketchOf(parts.flat()));
        const sketches = parts.map(sketchOf);
        const shuffled = sketches
          .map((sketch) => ({ sketch, place: places.next().value ?? 0 }))
          .toSorted((a, b) => a.place - b.place)
          .map(({ sketch }) => sketch);
        const [merged, unpacked] = [new Quantiles(), new Quantiles()];
        for (const sketch of shuffled) merged.merge(sketch);
        for (const sketch of sketches) unpacked.mergePacked(bytesOf(sketch), sketch.min, sketch.max);
        expect(whole(merged)).toEqual(expected);
        expect(whole(unpacked)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

/** All of a row that is told of it. */
function told({ measure, orders, causes }: PartRow): unknown {
  const { series, ...rest } = measure;
  return { ...rest, series: new Map(series), orders, causes };
}

describe('a row as bytes', () => {
  test('says what it said, and may be joined with others before or after', () => {
    fc.assert(
      fc.property(fc.array(anyResult, { minLength: 1, maxLength: 12 }), fc.nat(12), (results, cut) => {
        const sorted = results
          .map((result) => ({ ...result, probe: 'status' }))
          .toSorted((a, b) => a.scheduledMs - b.scheduledMs);
        const parts = [sorted.slice(0, cut), sorted.slice(cut)].flatMap((own) => {
          const hour = new HourRows([AVAILABILITY, LATENCY], MINUTE);
          for (const result of own) hour.add(result);
          return [...hour.rows.values()];
        });
        const [first, ...others] = parts;
        if (first === undefined) return;
        const [read, ...more] = parts.map((row) => rowOf('status', packRow(row)));
        if (read === undefined) throw new Error('as many rows as were packed');
        const [expected, found] = [joinedRows([first, ...others], grid), joinedRows([read, ...more], grid)];
        expect(told(found)).toEqual(told(expected));
        expect(packRow(found)).toEqual(packRow(expected));
      }),
      { numRuns: 60 },
    );
  });

  test('of another format is refused instead of guessed at', () => {
    expect(() => rowOf('status', Uint8Array.of(0x7b, 0x7d))).toThrow(
      'measures of status are of a format that is not known: 123',
    );
  });
});
