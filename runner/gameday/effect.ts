/** Whether a fault had an effect, in words: from what was counted of its target, or from the proof of its injector. Pure. */
import type { Fault } from '../../scenarios/fault.ts';
import type { Crossing, Effect } from '../../scenarios/injector.ts';

export const unmeasured = (why: string): Effect => ({ bit: null, says: why });

/** @param crossed between injecting and lifting; null: nobody counts @param cuts what was cut: "connections" */
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
      says: bytes > 0 ? `${bytes} bytes crossed the fault` : `${connections} connections reached it`,
    };
  }
  const refused = refuses ? ' and refused new ones' : '';
  return { bit: true, says: `the fault cut ${cut} ${cuts}${refused}, and ${bytes} bytes crossed it` };
}
