/** Whether a fault had an effect, in words: from what was counted of its target, or from the proof of its injector. Pure. */
import { plural } from '../../reports/figures.ts';
import type { Fault } from '../../scenarios/fault.ts';
import type { Crossing, Effect } from '../../scenarios/injector.ts';

export const unmeasured = (why: string): Effect => ({ bit: null, says: why });

/** @param crossed between injecting and lifting; null: nobody counts @param cuts what one of the cut is: "connection" */
export function crossingEffect({ type }: Pick<Fault, 'type'>, crossed: Crossing | null, cuts: string): Effect {
  if (crossed === null) return unmeasured('nothing counts what crosses it');
  const { bytes, connections, cut } = crossed;
  const refuses = type === 'refuse';
  if (bytes === 0 && connections === 0 && cut === 0) {
    // A closed port answers for itself: nobody counts whom it turns away.
    return refuses
      ? unmeasured('no connection was open, and what a closed port refuses is not counted')
      : { bit: false, says: 'nothing crossed the fault' };
  }
  if (cut === 0 && !refuses) {
    return {
      bit: true,
      says: bytes > 0 ? `${bytes} bytes crossed the fault` : `${plural(connections, 'connection')} reached it`,
    };
  }
  const refused = refuses ? ' and refused new ones' : '';
  return { bit: true, says: `the fault cut ${plural(cut, cuts)}${refused}, and ${bytes} bytes crossed it` };
}
