/** The order of the steps: one after the other, branches side by side, and straight to the lift where a wait was in vain. */
import type { PlainStep, Step } from '../../scenarios/step.ts';

export interface Walker {
  /** Whether a fault is there to be lifted. */
  readonly isThere: (fault: string) => boolean;
  readonly liftsLeft: () => number;
  /** Passes over a lift: there is nothing to lift. */
  readonly passOver: () => Promise<void>;
  /** False when something was waited for in vain. Rejects when nothing can go on. */
  readonly carryOut: (step: PlainStep, signal: AbortSignal) => Promise<boolean>;
}

/** False when something in it was waited for in vain. */
export async function walk(steps: readonly Step[], walker: Walker, signal: AbortSignal): Promise<boolean> {
  let skipsToLift = false;
  let all = true;
  for (const step of steps) {
    if (signal.aborted) return all;
    if (step.type === 'lift' && !walker.isThere(step.fault)) {
      await walker.passOver();
      continue;
    }
    if (skipsToLift && step.type !== 'lift') continue;
    skipsToLift = false;
    const met =
      step.type === 'parallel' ? await together(step.branches, walker, signal) : await walker.carryOut(step, signal);
    all &&= met;
    // What was waited for did not come: nothing is gained by leaving the fault there any longer.
    skipsToLift = !met && walker.liftsLeft() > 0;
  }
  return all;
}

/** One branch that cannot go on stops the others. */
async function together(branches: readonly (readonly Step[])[], walker: Walker, signal: AbortSignal): Promise<boolean> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const ended = await Promise.allSettled(
    branches.map((branch) =>
      walk(branch, walker, either).catch((error: unknown) => {
        stop.abort(error);
        throw error;
      }),
    ),
  );
  const failed = ended.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return ended.every((each) => each.status === 'fulfilled' && each.value);
}
