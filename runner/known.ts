/** The ledger as it was known at a moment, with the promises that were on record then. */
import { limitOf, saysSame, versionsOf, withHistory } from '../slo/target-history.ts';
import type { BurnThreshold, Objective } from '../slo/objective.ts';
import { lastMoment } from '../slo/ranges.ts';
import { knownAt, type Late } from '../store/as-of.ts';
import { openStore, type LedgerStore } from '../store/open.ts';
import type { LedgerEvent, StoreReader } from '../store/store.ts';
import { targetRecords } from '../store/target-records.ts';
import type { Configuration } from './config/configuration.ts';
import { CommandError, EXIT } from './io.ts';
import { openExisting } from './commands/open.ts';

export interface Known extends AsyncDisposable {
  readonly asOfMs: number;
  /** Shows nothing that was recorded later. */
  readonly reader: StoreReader;
  /** The same ledger, with what was recorded later: for its chain. */
  readonly store: LedgerStore;
  readonly objectives: readonly Objective[];
  /** The same with the targets and limits that held, hold, and are announced: what tallies are judged by. */
  readonly held: readonly Objective[];
  readonly late: Late;
  /** What people said a moment ago that is too young to be in it, a line; null: nothing. */
  readonly tooYoung: string | null;
}

export interface KnownQuery {
  /** Null: everything that is recorded by now. */
  readonly asOfMs: number | null;
  /** End of the range, which is over there: the start of a step. */
  readonly toMs: number;
  readonly nowMs: number;
}

/** @throws CommandError where it cannot be told any more, or there is no ledger */
export async function openKnown(configuration: Configuration, query: KnownQuery): Promise<Known> {
  const { toMs } = query;
  const nowMs = lastMoment(toMs);
  const { ledgerPath, base } = configuration;
  const { asOfMs, targets, tooYoung } = await momentOf(configuration, query);
  const objectives = configuration.objectives.map((objective) => promisedThen(objective, targets, base.scale));
  const stepMs = base.minuteMs;
  const store = await openStore({
    path: ledgerPath,
    objectives,
    stepMs,
    nowMs,
    readOnly: true,
    inline: true,
    snapshot: true,
    knownMs: asOfMs,
  });
  try {
    const records = targetRecords(targets);
    const held = objectives.map((objective) =>
      withHistory(objective, records.get(objective.id) ?? [], { stepMs, nowMs }),
    );
    const known = await knownAt(store, { asOfMs, untilMs: toMs, stepMs, rules: held });
    if (!known.ok) throw new CommandError(`${ledgerPath}: ${known.message}`, EXIT.prober);
    const { reader, late } = known;
    const dispose = (): PromiseLike<void> => store[Symbol.asyncDispose]();
    return { asOfMs, reader, store, objectives, held, late, tooYoung, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** So long after the newest record nothing can be on its way to the disk that was stamped in the same millisecond. */
const SETTLED_MS = 10_000;

async function momentOf(
  configuration: Configuration,
  { asOfMs: wanted, nowMs }: KnownQuery,
): Promise<Pick<Known, 'asOfMs' | 'tooYoung'> & { readonly targets: readonly LedgerEvent[] }> {
  await using store = await openExisting(configuration, nowMs);
  const newestMs = await store.recordedMs();
  const settledMs = nowMs - newestMs > SETTLED_MS ? newestMs : newestMs - 1;
  const asOfMs = wanted ?? (newestMs === 0 ? nowMs : settledMs);
  const targets = await store.events({ kind: 'target', recordedBefore: asOfMs + 1 });
  const isYoung = wanted === null && newestMs > asOfMs;
  return { asOfMs, targets, tooYoung: isYoung ? await saidSince(store, asOfMs) : null };
}

/** Who excludes something and reports at once would look for it on the page, and takes its silence for "no difference". */
async function saidSince(store: LedgerStore, asOfMs: number): Promise<string | null> {
  const said: string[] = [];
  for (const kind of ['exclusion', 'incident', 'gate'] as const) {
    const known = new Set((await store.events({ kind, recordedBefore: asOfMs + 1 })).map(({ id }) => id));
    const young = (await store.events({ kind })).filter(({ id }) => !known.has(id));
    said.push(...young.map(({ subject }) => `${kind} ${subject}`));
  }
  if (said.length === 0) return null;
  return `recorded just now and not in it yet: ${said.join(', ')}; ${SETTLED_MS / 1000} s after it was recorded the same command has it`;
}

/** As the configuration had it when it was last put on record by then; what is on record of nothing stands as it is. */
function promisedThen(objective: Objective, targets: readonly LedgerEvent[], scale: number): Objective {
  const last = targets.findLast(({ subject }) => subject === objective.id);
  const versions = targetRecords(last === undefined ? [] : [last]).get(objective.id)?.[0]?.versions;
  const newest = versions?.at(-1);
  if (last === undefined || versions === undefined || newest === undefined) return objective;
  const { windowMs, minEvents, burn } = last.body;
  const { burn: _now, ...rest } = objective;
  const then = {
    ...rest,
    ...(typeof windowMs === 'number' ? { windowMs: windowMs / scale } : {}),
    ...(typeof minEvents === 'number' ? { minEvents } : {}),
    ...(isBurn(burn) ? { burn } : {}),
  };
  // Words, links and sign-offs may have been added since; its numbers and dates are the same.
  if (saysSame(versions, versionsOf(objective))) return then;
  const { sli } = objective;
  const limit = newest.limit ?? limitOf(sli);
  return {
    ...then,
    target: newest.target,
    versions,
    sli: sli.type === 'threshold' && limit !== null ? { ...sli, ms: limit.ms, strict: limit.strict } : sli,
  };
}

/** Of what this program wrote down itself. */
function isBurn(value: unknown): value is readonly BurnThreshold[] {
  return Array.isArray(value);
}
