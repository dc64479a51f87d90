/** A journal, sorted into what a report tells. A journal may end anywhere: its writer may have been killed. */
import type { JournalBody, JournalEntry, MarkName } from '../../scenarios/journal.ts';
import { seconds } from '../figures.ts';

export type Entry<Type extends JournalBody['type']> = Extract<JournalEntry, { readonly type: Type }>;

/** One fault, from the undo that was written down to the proof that nothing of it is left. */
export interface FaultStory {
  readonly id: string;
  readonly prepared: Entry<'undo-prepared'> | null;
  readonly injected: Entry<'injected'> | null;
  readonly lifted: Entry<'lifted'> | null;
  readonly failures: readonly Entry<'lift-failed'>[];
}

/** What the journal keeps for a report to be drawn from: nothing that happened in the exercise. */
const KEPT: ReadonlySet<JournalBody['type']> = new Set(['measured', 'budget', 'before']);

export function isTold({ type }: JournalEntry): boolean {
  return !KEPT.has(type);
}

export interface Story {
  readonly gameday: string | null;
  readonly started: Entry<'started'> | null;
  readonly finished: Entry<'finished'> | null;
  /** The first injection: zero of the exercise's clock. */
  readonly injected: JournalEntry | null;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly marks: readonly Entry<'mark'>[];
  readonly phases: readonly Entry<'phase'>[];
  readonly hypotheses: readonly Entry<'hypothesis'>[];
  readonly conditions: readonly Entry<'condition'>[];
  readonly checks: readonly Entry<'check'>[];
  readonly faults: readonly FaultStory[];
  readonly notes: readonly Entry<'note'>[];
  readonly asked: readonly Entry<'asked'>[];
  readonly answered: readonly Entry<'answered'>[];
  readonly degraded: readonly Entry<'degraded-mode'>[];
  readonly alertEvents: readonly Entry<'alert'>[];
  readonly elsewhere: Entry<'alerts-elsewhere'> | null;
  /** What became of the alerts; null where the journal ends before, or is older. */
  readonly alerts: Entry<'alerts'> | null;
  readonly success: readonly Entry<'success'>[];
  readonly invariants: readonly Entry<'invariant'>[];
  /** Faults that were injected and of which no verified lifting is on record. */
  readonly left: readonly FaultStory[];
  readonly measured: readonly Entry<'measured'>[];
  /** The last of them; null where the journal ends before, or is older. */
  readonly budget: Entry<'budget'> | null;
  readonly before: Entry<'before'> | null;
}

export function readStory(journal: readonly JournalEntry[]): Story {
  const entries = journal.toSorted((a, b) => a.seq - b.seq);
  const of = <Type extends JournalBody['type']>(type: Type): readonly Entry<Type>[] =>
    entries.filter((entry): entry is Entry<Type> => entry.type === type);
  const faults = faultStories(of('undo-prepared'), of('injected'), of('lifted'), of('lift-failed'));
  const marks = of('mark');
  return {
    gameday: entries[0]?.gameday ?? null,
    started: of('started')[0] ?? null,
    finished: of('finished').at(-1) ?? null,
    injected: of('injected')[0] ?? marks.find(({ what }) => what === 'injected') ?? null,
    firstMs: entries[0]?.atMs ?? 0,
    lastMs: entries.findLast(isTold)?.atMs ?? 0,
    marks,
    phases: of('phase'),
    hypotheses: of('hypothesis'),
    conditions: of('condition'),
    checks: of('check'),
    faults,
    notes: of('note'),
    asked: of('asked'),
    answered: of('answered'),
    degraded: of('degraded-mode'),
    alertEvents: of('alert'),
    elsewhere: of('alerts-elsewhere')[0] ?? null,
    alerts: of('alerts').at(-1) ?? null,
    success: of('success'),
    invariants: of('invariant'),
    left: faults.filter(isLeft),
    measured: of('measured'),
    budget: of('budget').at(-1) ?? null,
    before: of('before').at(-1) ?? null,
  };
}

function faultStories(
  prepared: readonly Entry<'undo-prepared'>[],
  injected: readonly Entry<'injected'>[],
  lifted: readonly Entry<'lifted'>[],
  failures: readonly Entry<'lift-failed'>[],
): readonly FaultStory[] {
  const ids = new Set([...prepared, ...injected, ...lifted, ...failures].map(({ fault }) => fault));
  return [...ids].map((id) => ({
    id,
    prepared: prepared.find(({ fault }) => fault === id) ?? null,
    injected: injected.find(({ fault }) => fault === id) ?? null,
    // The last word counts: a guardian may have verified what the conductor could not.
    lifted:
      lifted
        .filter(({ fault }) => fault === id)
        .toSorted((a, b) => Number(a.verified) - Number(b.verified))
        .at(-1) ?? null,
    failures: failures.filter(({ fault }) => fault === id),
  }));
}

/** An undo that was written down means that the fault may have been applied, even if the journal ends there. */
function isLeft({ prepared, injected, lifted }: FaultStory): boolean {
  return (prepared !== null || injected !== null) && lifted?.verified !== true;
}

/**
 * Monotonic ms from the first injection; null before anything was injected. A mark knows its own moment, which is earlier
 * than that of its entry, and zero is the earliest moment at which the fault may have been there.
 */
export function sinceInjection({ injected, marks }: Story, entry: JournalEntry): number | null {
  if (entry.type === 'mark' && entry.afterMs !== undefined) return entry.afterMs;
  const first = marks.find(({ what }) => what === 'injected' || what === 'began');
  if (first !== undefined) return entry.sinceStartMs - (first.sinceStartMs - first.uncertaintyMs);
  return injected === null ? null : entry.sinceStartMs - injected.sinceStartMs;
}

/** What the clock of the marks counts from: "from injection". */
export const ORIGINS = { injected: 'injection', began: 'the beginning' } as const;

/** A drill of people alone injects nothing, and counts from its beginning. */
export function isDrill({ injected, marks }: Story): boolean {
  return injected === null && marks.some(({ what }) => what === 'began');
}

/** "from injection". */
export function fromOrigin(story: Story): string {
  return `from ${ORIGINS[isDrill(story) ? 'began' : 'injected']}`;
}

export function capital(words: string): string {
  return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`;
}

const MARK_WORDS: Readonly<Record<MarkName, string>> = {
  began: 'drill begun',
  injected: 'fault injected',
  impact: 'steady state broken',
  alerted: 'first alert',
  detected: 'detected',
  acknowledged: 'acknowledged',
  diagnosed: 'diagnosed',
  mitigated: 'mitigated',
  lifted: 'fault lifted',
  recovered: 'recovered',
  steady: 'recovered and held',
};

/** The one wording of a moment, wherever it is told. */
export function markWord(what: MarkName): string {
  return MARK_WORDS[what];
}

export const MARKS: readonly MarkName[] = [
  'began',
  'injected',
  'impact',
  'alerted',
  'detected',
  'acknowledged',
  'diagnosed',
  'mitigated',
  'lifted',
  'recovered',
  'steady',
];

/** "3 of order-execution, 1 of the prober". */
export function elsewhereText(stood: Entry<'alerts-elsewhere'>['stood']): string {
  return stood.map(({ service, alerts }) => `${alerts} of ${service ?? 'the prober'}`).join(', ');
}

/** Which of the expected alerts came, and which came besides. */
export function alertsText({ expected, unexpected }: Entry<'alerts'>): string {
  const words = { 'in-time': 'in time', late: 'late', missing: 'missing', before: 'stood already' } as const;
  const said = expected.map(({ rule, objective, service, state, afterMs }) => {
    const about = objective ?? service;
    const after = afterMs === null ? '' : ` (${seconds(afterMs)})`;
    return `${rule}${about === null ? '' : ` of ${about}`}: ${words[state]}${after}`;
  });
  return [...said, ...unexpected.map(({ says }) => `unexpected: ${says}`)].join('; ');
}
