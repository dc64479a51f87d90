/** Undoes, from the journal alone, what a conductor left behind. The guardian and `recover` both do it this way. */
import type { Clock } from '../../probes/probe.ts';
import type { Injector } from '../../scenarios/injector.ts';
import { bounded } from './bounded.ts';
import { ASK_MS } from './faults.ts';
import type { Journal, Outstanding } from './journal.ts';
import { firstMarks, liftedAfterMs } from '../../reports/gameday/moments.ts';
import { readStory, sinceInjection, type Story } from '../../reports/gameday/story.ts';
import { NOTHING_MEASURED } from './verdict.ts';
import { isFinished, outstandingFaults, readJournal } from './journal.ts';

export interface LiftOptions {
  readonly path: string;
  readonly journal: Journal;
  readonly by: 'guardian' | 'recover';
  readonly injectorFor: (kind: string) => Injector | null;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Undo once more after this, for what was on its way when the conductor died; 0: no need. */
  readonly secondLookMs: number;
  /** The conductor has ended: say in its place that the game-day is over. */
  readonly closes: boolean;
  /** How often to try; default 100. */
  readonly tries?: number;
}

export interface Left extends Outstanding {
  readonly why: string;
}

export interface Lifted {
  readonly lifted: readonly Outstanding[];
  readonly remaining: readonly Left[];
}

const PAUSE_MS = 250;

export async function liftOutstanding(options: LiftOptions): Promise<Lifted> {
  const { path, clock, signal, tries = 100 } = options;
  const lifted = new Set<Outstanding>();
  const { entries } = await readJournal(path);
  const [found, story] = [outstandingFaults(entries), readStory(entries)];
  let remaining: readonly Left[] = found.map((fault) => ({ ...fault, why: 'not tried' }));
  for (let round = 0; round < tries && lifted.size < found.length && !signal.aborted; round += 1) {
    if (round > 0) await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
    remaining = await attempt(found, lifted, story, options);
  }
  if (options.secondLookMs > 0 && lifted.size > 0) {
    await clock.sleep(options.secondLookMs, signal).catch(() => undefined);
    for (const fault of lifted) await undo(fault, options);
  }
  await report(remaining, options);
  return { lifted: found.filter((fault) => lifted.has(fault)), remaining };
}

async function attempt(
  faults: readonly Outstanding[],
  lifted: Set<Outstanding>,
  story: Story,
  options: LiftOptions,
): Promise<readonly Left[]> {
  const left: Left[] = [];
  for (const fault of faults) {
    if (lifted.has(fault)) continue;
    const why = await undo(fault, options);
    if (why !== null) {
      left.push({ ...fault, why });
      continue;
    }
    lifted.add(fault);
    // What is undone stays undone on a full disk; the next one to look will undo it again, harmlessly.
    await tell(fault.fault, story, options).catch(() => undefined);
  }
  return left;
}

/** The mark that its conductor would have set; none of a fault that is not known to have been there. */
async function tell(fault: string, story: Story, { journal, by }: LiftOptions): Promise<void> {
  const detail = 'read back: nothing of it is left';
  const entry = await journal.append({ type: 'lifted', fault, by, verified: true, detail });
  const wasThere = story.faults.some(({ id, injected }) => id === fault && injected !== null);
  const afterMs = sinceInjection(story, entry);
  if (!wasThere || afterMs === null) return;
  await journal.append({ type: 'mark', what: 'lifted', source: fault, uncertaintyMs: 0, afterMs });
}

/** Null when it is gone; otherwise why not. */
async function undo(
  { undo, target }: Outstanding,
  { injectorFor, clock, signal }: LiftOptions,
): Promise<string | null> {
  const injector = injectorFor(undo.injector);
  if (injector === null) return `no injector of kind ${undo.injector} is configured`;
  const withinMs = injector.patienceMs?.(target) ?? ASK_MS;
  const answer = await bounded((inner) => injector.undo(undo, inner), clock, withinMs, signal);
  if (!answer.ok) return answer.why;
  return answer.value.ok ? null : answer.value.problem.message;
}

async function report(remaining: readonly Left[], options: LiftOptions): Promise<void> {
  const { journal, by, path, closes } = options;
  for (const { fault, undo, why } of remaining) {
    await journal.append({ type: 'lift-failed', fault, by, detail: why, byHand: undo.byHand }).catch(() => undefined);
  }
  const { entries } = await readJournal(path);
  if (!closes || isFinished(entries)) return;
  await journal
    .append({
      type: 'finished',
      verdict: 'aborted',
      passed: false,
      detail: 'the conductor ended before its game-day did',
      ...measured(readStory(entries)),
    })
    .catch(() => undefined);
}

/** What was measured until the conductor ended, and the lift that it did not see any more. */
function measured(story: Story): Record<keyof typeof NOTHING_MEASURED, number | null> {
  const detected = firstMarks(story).find(({ what, by }) => what === 'detected' && by === undefined);
  const detectedAfterMs = detected === undefined ? null : sinceInjection(story, detected);
  return { ...NOTHING_MEASURED, detectedAfterMs, liftedAfterMs: liftedAfterMs(story) };
}
