import { assert, pre, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstDifference } from '../../../reports/evidence/pages.ts';

const between = (expected: string, found: string) => firstDifference(Buffer.from(expected), Buffer.from(found));

describe('the first difference of two pages', () => {
  test('is a whole line where it is short', () => {
    expect(between('one\ntwo\nthree', 'one\n2\nthree')).toEqual({ line: 2, expected: '"two"', found: '"2"' });
  });

  test('says that a line is missing, or is too many', () => {
    expect(between('one\ntwo', 'one')).toEqual({ line: 2, expected: '"two"', found: 'nothing' });
    expect(between('one', 'one\ntwo')).toEqual({ line: 2, expected: 'nothing', found: '"two"' });
  });

  test('shows of a long line the place that differs, with marks where it was cut', () => {
    const same = 'x'.repeat(300);
    const before = `…${'x'.repeat(57)}`;
    expect(between(`${same}99.769 % of it`, `${same}99.999 % of it`)).toEqual({
      line: 1,
      expected: `"${before}99.769 % of it"`,
      found: `"${before}99.999 % of it"`,
    });
  });

  test('never shows two lines alike that are not', () => {
    const line = string({ maxLength: 600 });
    assert(
      property(line, line, line, (head, a, b) => {
        pre(a !== b);
        const { expected, found } = between(head + a, head + b);
        expect(expected).not.toBe(found);
      }),
    );
  });
});
