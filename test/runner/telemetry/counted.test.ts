import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countStep } from '../../../runner/telemetry/counted.ts';
import { samples } from './fake.ts';

const T = 1_800_000_000_000;

function step(good: string | null, valid: string | null) {
  return countStep({ good: samples(T, [good]), valid: samples(T, [valid]) }, T);
}

function median(text: string | null) {
  return countStep({ median: samples(T, [text]) }, T);
}

describe('a step of counts', () => {
  it('keeps every digit that was answered', () => {
    expect(step('59.99999999999999', '60.00000000000001')).toEqual({
      type: 'counted',
      readings: [{ type: 'telemetry', split: '', good: '59.99999999999999', valid: '60.00000000000001' }],
      remark: null,
    });
  });

  it('reads numbers with an exponent, and a zero below nothing', () => {
    expect(step('1e2', '1.5e+02')).toMatchObject({
      readings: [{ good: expect.stringMatching(/^100\.0+$/), valid: expect.stringMatching(/^150\.0+$/) }],
    });
    expect(step('-0', '0')).toMatchObject({ readings: [{ good: '0.000000000000000000', valid: '0' }] });
  });

  it('is answered where nothing happened: none of none', () => {
    expect(step(null, '0')).toEqual({
      type: 'counted',
      readings: [{ type: 'telemetry', split: '', good: '0', valid: '0' }],
      remark: null,
    });
  });

  it('has no data where valid has none, whatever good says', () => {
    expect(step('3', null)).toEqual({ type: 'none', why: 'no samples' });
    expect(step(null, null)).toEqual({ type: 'none', why: 'no samples' });
  });

  it('is not all bad where good has no samples: that may mean that nobody counted them', () => {
    expect(step(null, '5')).toEqual({
      type: 'none',
      why: 'good has no samples where valid has: if that means none, add "or vector(0)", or fill(0)',
    });
  });

  it.each([
    ['NaN', '5', 'good answers NaN'],
    ['5', 'NaN', 'valid answers NaN'],
    ['5', '+Inf', 'valid answers +Inf'],
    ['5', '-3', 'valid answers -3, and no count is negative'],
    ['-0.5', '3', 'good answers -0.5, and no count is negative'],
    ['5', '1e300', 'valid answers 1e300, which is no count'],
    ['5', '"many"', 'valid answers "many"'],
    ['', '5', 'good answers nothing'],
  ])('says why %s of %s counts nothing', (good, valid, why) => {
    expect(step(good, valid)).toEqual({ type: 'none', why });
  });

  it('takes no more good than valid, and says so', () => {
    expect(step('61', '60')).toEqual({
      type: 'counted',
      readings: [{ type: 'telemetry', split: '', good: '60', valid: '60' }],
      remark: 'good is 61 of 60 valid, counted as 60: count both where an event ends',
    });
  });

  it('keeps splits apart, and says of which one a number counts nothing', () => {
    const two = (a: string, b: string) => new Map([...samples(T, [a], 'primary'), ...samples(T, [b], 'backup')]);
    expect(countStep({ good: two('9', '4'), valid: two('10', '4') }, T)).toMatchObject({
      readings: [
        { split: 'primary', good: '9', valid: '10' },
        { split: 'backup', good: '4', valid: '4' },
      ],
    });
    expect(countStep({ good: two('9', 'NaN'), valid: two('10', '4') }, T)).toEqual({
      type: 'none',
      why: 'good of backup answers NaN',
    });
  });

  it('never has more good than valid, whatever numbers come', () => {
    const number = fc.oneof(fc.double({ noNaN: true }).map(String), fc.constantFrom('NaN', '', '+Inf', '1e-9', '-1'));
    fc.assert(
      fc.property(number, number, (good, valid) => {
        const counted = step(good, valid);
        if (counted.type === 'none') return;
        for (const reading of counted.readings) {
          if (reading.type !== 'telemetry') throw new Error('no telemetry');
          expect(reading.good).toMatch(/^\d+(\.\d+)?$/);
          expect(reading.valid).toMatch(/^\d+(\.\d+)?$/);
          expect(Number(reading.good)).toBeLessThanOrEqual(Number(reading.valid));
        }
      }),
    );
  });
});

describe('a slice by its median', () => {
  it('is asked for in seconds and kept in milliseconds, exactly', () => {
    expect(median('45.0001')).toMatchObject({ readings: [{ type: 'median', split: '', ms: 45_000.1 }] });
  });

  it('has no data where nothing was observed: histogram_quantile says NaN', () => {
    expect(median('NaN')).toEqual({ type: 'none', why: 'no samples' });
    expect(median(null)).toEqual({ type: 'none', why: 'no samples' });
  });

  it('cannot be negative', () => {
    expect(median('-1')).toEqual({ type: 'none', why: 'median answers -1, and no count is negative' });
    expect(median('+Inf')).toEqual({ type: 'none', why: 'median answers +Inf' });
  });
});
