import * as fc from 'fast-check';
import type { Tally } from '../../slo/tally.ts';

/** Any tally of such counts and weights, whatever they have to do with each other. */
export function anyTally(count: fc.Arbitrary<number>, weight: fc.Arbitrary<bigint>): fc.Arbitrary<Tally> {
  return fc.record({
    good: count,
    bad: count,
    excluded: count,
    faults: count,
    goodWeight: weight,
    badWeight: weight,
    excludedWeight: weight,
    faultWeight: weight,
    squaredWeight: weight,
    borderline: count,
    bounded: count,
  });
}
