import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tickText, timeAxis, valueAxis } from '../../reports/chart/axis.ts';
import { reach, spread, stagger, textWidth } from '../../reports/chart/labels.ts';
import { placed } from '../../reports/chart/legend.ts';
import { renderChart, type Chart } from '../../reports/chart.ts';
import { Quantiles } from '../../store/measures/quantiles.ts';
import { broken, thin, type Point } from '../../reports/thin.ts';
import { START } from './sample.ts';
import { flawsOfSvg } from './well-formed.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

const CHART: Chart = {
  title: 'positions: latency',
  description: 'for those who cannot see it',
  fromMs: START,
  toMs: START + 10 * MINUTE,
  panels: [
    {
      name: 'positions · latency',
      unit: 'ms',
      scale: 'auto',
      limits: [{ value: 250, name: 'limit ≤ 250 ms' }],
      never: [START + MINUTE],
      series: [
        {
          name: 'p50',
          draw: 'line',
          look: 'main',
          points: [
            [START, 20],
            [START + MINUTE, 24],
          ],
        },
        {
          name: 'p95',
          draw: 'line',
          look: 'upper',
          points: [
            [START, 40],
            [START + MINUTE, 60],
          ],
        },
      ],
    },
  ],
};

describe('a chart', () => {
  test('is the same to the byte however many were drawn before it', () => {
    const first = renderChart(CHART);
    renderChart({ ...CHART, title: 'another' });
    expect(renderChart(CHART)).toBe(first);
    expect(flawsOfSvg(first)).toEqual([]);
  });

  test('says what it shows, in which unit, and carries a title and a description', () => {
    const svg = renderChart(CHART);
    expect(svg).toContain('<title>positions: latency</title>\n<desc>for those who cannot see it</desc>');
    for (const words of [
      'positions · latency — ms',
      'limit ≤ 250 ms',
      'never happened (upper edge)',
      'time, UTC (3 Mar 2026)',
    ]) {
      expect(svg).toContain(`>${words}</text>`);
    }
  });

  test('tells its lines apart without colour', () => {
    const dashes = [...renderChart(CHART).matchAll(/stroke="#(?:08306b|b4530a)"[^>]*?stroke-dasharray="([^"]+)"/g)];
    expect(dashes.length).toBeGreaterThan(0);
    expect(renderChart(CHART)).toMatch(/stroke="#08306b" stroke-width="2" stroke-linejoin/);
  });

  test.each(['__proto__', 'constructor', 'toString'])('called %s leaves every object as it was', (name) => {
    const before = renderChart(CHART);
    const series = { name, draw: 'line' as const, look: 'main' as const, points: [[START, 20]] as const };
    const panel = {
      name,
      unit: 'ms',
      scale: 'auto' as const,
      limits: [{ value: 0.5, name }],
      series: [series, series],
    };
    const marks = [{ atMs: START, name }];
    renderChart({ ...CHART, title: name, description: name, panels: [panel, panel], marks });
    const inherited: string[] = [];
    // oxlint-disable-next-line guard-for-in
    for (const key in {}) inherited.push(key);
    expect(inherited).toEqual([]);
    expect(renderChart(CHART)).toBe(before);
  });

  test('names its lines in as many rows as they need, none beyond its edge', () => {
    const names = Array.from({ length: 12 }, (_, n) => `probe-number-${n} latency`);
    const entries = placed(names.map((name) => ({ name, look: 'main' as const, hasLine: true, hasSymbol: false })));
    expect(entries.map(({ row }) => row)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(Math.max(...entries.map(({ x, name }) => x + 40 + textWidth(name)))).toBeLessThan(960);
  });

  test('draws of a line that leaves its range what is within it', () => {
    const series = { name: 'p50', draw: 'line' as const, look: 'main' as const };
    const points = [[START - MINUTE, 20], [START + MINUTE, 24]] as const; // prettier-ignore
    const panel = { name: 'p', unit: 'ms', scale: 'auto' as const, limits: [], series: [{ ...series, points }] };
    const svg = renderChart({ ...CHART, panels: [panel] });
    expect(svg).toContain('<clipPath id="positions-latency-c0"><rect x="78"');
    expect(svg).toContain('clip-path="url(#positions-latency-c0)"');
    expect(renderChart(CHART)).not.toContain('clip');
  });

  test('is well formed for any names and any finite values', () => {
    const points = fc.array(
      fc.tuple(
        fc.integer({ min: START, max: START + DAY }),
        fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e12 })),
      ),
      { maxLength: 30 },
    );
    const input = fc.record({
      points,
      name: fc.string({ unit: 'binary' }),
      toMs: fc.integer({ min: START - DAY, max: START + 100 * DAY }),
    });
    fc.assert(
      fc.property(input, ({ points, name, toMs }) => {
        const sorted = points.toSorted(([a], [b]) => a - b);
        const series = (['line', 'step', 'dots'] as const).map((draw) => ({
          name: `${name}${draw}`,
          draw,
          look: 'main' as const,
          points: sorted,
        }));
        const panel = { name, unit: 'ms', scale: 'auto' as const, limits: [{ value: 0.5, name }], series };
        const marks = sorted.slice(0, 4).map(([atMs]) => ({ atMs, name }));
        const shades = [{ fromMs: START - 5, toMs }];
        const svg = renderChart({ ...CHART, title: name, toMs, panels: [panel, panel], marks, shades });
        expect(flawsOfSvg(svg)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('thinning', () => {
  test('keeps the extremes, both ends and the order, within about the limit', () => {
    const values = fc.array(fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })), {
      minLength: 700,
      maxLength: 3000,
    });
    fc.assert(
      fc.property(values, (values) => {
        const points = values.map((value, index): Point => [index, value]);
        const kept = thin(points, 600);
        const known = (all: readonly Point[]) => all.flatMap(([, value]) => value ?? []);
        expect(kept.length).toBeLessThanOrEqual(605);
        expect(Math.max(...known(kept))).toBe(Math.max(...known(points)));
        expect(Math.min(...known(kept))).toBe(Math.min(...known(points)));
        expect(kept[0]).toEqual(points[0]);
        expect(kept.at(-1)).toEqual(points.at(-1));
        expect(kept.toSorted(([a], [b]) => a - b)).toEqual(kept);
      }),
      { numRuns: 40 },
    );
  });

  test('leaves a line its shape where its last part has most of its points', () => {
    const days = Array.from({ length: 360 }, (_, quarter): Point => [quarter * 360, Math.sin(quarter / 40)]);
    const minutes = Array.from({ length: 1440 }, (_, minute): Point => [360 * 360 + minute, Math.sin(9)]);
    const kept = thin([...days, ...minutes]);
    expect(kept.filter(([at]) => at < 360 * 360).length).toBeGreaterThan(200);
  });

  test('never hides a spike of one run among a hundred thousand', () => {
    const points = Array.from({ length: 100_000 }, (_, index): Point => [index, index === 77_777 ? 5000 : 20]);
    expect(thin(points)).toContainEqual([77_777, 5000]);
  });

  test('a silence breaks the line instead of sloping over it', () => {
    expect(
      broken(
        [
          [0, 1],
          [10, 2],
          [100, 3],
        ],
        30,
      ),
    ).toEqual([
      [0, 1],
      [10, 2],
      [55, null],
      [100, 3],
    ]);
  });
});

describe('quantiles', () => {
  test('are within half a percent of the nearest rank, and merging changes nothing', () => {
    const samples = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(samples, fc.nat(300), (samples, cut) => {
        const [whole, left, right] = [new Quantiles(), new Quantiles(), new Quantiles()];
        samples.forEach((value, index) => {
          whole.add(value);
          (index < cut ? left : right).add(value);
        });
        left.merge(right);
        const sorted = samples.toSorted((a, b) => a - b);
        for (const rank of [1, Math.ceil(samples.length / 2), samples.length]) {
          const exact = sorted[rank - 1] ?? 0;
          expect(Math.abs((whole.atRank(rank) ?? 0) / exact - 1)).toBeLessThan(0.0051);
          expect(left.atRank(rank)).toBe(whole.atRank(rank));
        }
        expect(left.max).toBe(sorted.at(-1));
      }),
    );
  });

  test('are null without samples', () => {
    expect([new Quantiles().at(0.5), new Quantiles().max]).toEqual([null, null]);
  });
});

describe('axes', () => {
  const labels = (lengthMs: number, fromMs = START) => {
    const axis = timeAxis(fromMs, fromMs + lengthMs, 8);
    return axis.ticks.map((tick) => axis.label(tick));
  };

  test.each([
    ['a minute', MINUTE, ['09:00:00', '09:00:10', '09:00:20', '09:00:30', '09:00:40', '09:00:50', '09:01:00']],
    ['two and a half minutes', 2.5 * MINUTE, ['09:00:00', '09:00:30', '09:01:00', '09:01:30', '09:02:00', '09:02:30']],
    ['two hours', 120 * MINUTE, ['09:00', '09:15', '09:30', '09:45', '10:00', '10:15', '10:30', '10:45', '11:00']],
    ['ninety days', 90 * DAY, ['8 Mar', '23 Mar', '7 Apr', '22 Apr', '7 May', '22 May']],
  ])('%s is labelled as precisely as it needs', (_, lengthMs, expected) => {
    expect(labels(lengthMs)).toEqual(expected);
  });

  test('a span over midnight says the day where it changes', () => {
    expect(labels(4 * 60 * MINUTE, Date.UTC(2026, 2, 3, 22))).toEqual([
      '22:00\n3 Mar',
      '22:30',
      '23:00',
      '23:30',
      '00:00\n4 Mar',
      '00:30',
      '01:00',
      '01:30',
      '02:00',
    ]);
  });

  test('a scale covers its values with round ends, and becomes logarithmic when one value dwarfs the others', () => {
    expect(valueAxis([12, 87], { auto: true, fromZero: true })).toEqual({
      log: false,
      min: 0,
      max: 100,
      ticks: [0, 20, 40, 60, 80, 100],
    });
    expect(valueAxis([20, 20, 3400], { auto: true, fromZero: true })).toEqual({
      log: true,
      min: 10,
      max: 10_000,
      ticks: [10, 100, 1000, 10_000],
    });
    expect(valueAxis([], { auto: true, fromZero: true })).toMatchObject({ min: 0, max: 1 });
    expect([0.05, -100, 12_000].map(tickText)).toEqual(['0.05', '−100', '12,000']);
  });

  test('every value lies within its scale', () => {
    const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.boolean(), (values, auto) => {
        const { min, max, ticks } = valueAxis(values, { auto, fromZero: true });
        expect(Math.min(...values)).toBeGreaterThanOrEqual(min - 1e-6 * (max - min));
        expect(Math.max(...values)).toBeLessThanOrEqual(max + 1e-6 * (max - min));
        expect(new Set(ticks).size).toBe(ticks.length);
      }),
    );
  });
});

describe('labels', () => {
  const edges = { from: 4, to: 956 };

  test('lie within the edges, never on each other, and never under the line of another on the same side', () => {
    const places = fc.array(fc.record({ at: fc.integer({ min: 78, max: 792 }), text: fc.string({ maxLength: 150 }) }), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(places, (places) => {
        const placed = stagger(places, edges);
        expect(placed).toHaveLength(places.length);
        for (const label of placed) {
          const [from, to] = reach(label);
          expect(from >= edges.from - 1 && to <= edges.to + 1).toBe(true);
          for (const other of placed) {
            if (other === label) continue;
            const [otherFrom, otherTo] = reach(other);
            expect(from < otherTo && otherFrom < to && label.row === other.row).toBe(false);
            const isCrossed = label.at > otherFrom && label.at < otherTo && label.row < other.row;
            expect(isCrossed && label.side === other.side).toBe(false);
          }
        }
      }),
    );
  });

  test('are whole wherever either side has room: the last mark of an exercise stands at the right edge', () => {
    const last = 'recovered and held +34 min 30 s';
    const marks = [
      { at: 700, text: 'fault lifted +33 min 10 s' },
      { at: 788, text: last },
    ];
    expect(stagger(marks, edges)).toEqual([
      { at: 788, text: last, side: 'left', row: 0 },
      { at: 700, text: 'fault lifted +33 min 10 s', side: 'right', row: 1 },
    ]);
    expect(stagger([{ at: 788, text: last }], edges)).toEqual([{ at: 788, text: last, side: 'left', row: 0 }]);
    expect(stagger([{ at: 788, text: 'steady' }], edges)).toEqual([{ at: 788, text: 'steady', side: 'right', row: 0 }]);
  });

  test('on an edge they move apart and stay on it', () => {
    const at = (places: readonly number[]) =>
      spread(
        places.map((at) => ({ at })),
        { from: 0, to: 100, apart: 14 },
      ).map(({ at }) => at);
    expect(at([50, 50, 52])).toEqual([50, 64, 78]);
    expect(at([98, 99, 100])).toEqual([72, 86, 100]);
  });
});
