/**
 * What a configuration says of a target now, and what is on record of what configurations said before. A moment of the past
 * is judged by what was known of it then: history is never judged anew because somebody changed a number, with a date or
 * without one.
 */
import { SIGN_OFF_ROLES, type Limit, type Objective, type Sli, type TargetVersion } from './objective.ts';

/** What a configuration said of an objective's target, and when that was first seen. */
export interface TargetRecord {
  readonly atMs: number;
  readonly versions: readonly TargetVersion[];
}

/** A version that claims a stretch of the past in which another one is on record. */
export interface Retroactive {
  readonly version: TargetVersion;
  readonly claimedFromMs: number;
  /** Up to here it is judged by what is on record. */
  readonly untilMs: number;
  readonly recorded: TargetVersion;
}

export interface HistoryOptions {
  /** Length of a tally step: a change holds from the step in which it was first seen. */
  readonly stepMs: number;
  /** From when on a configuration holds that is not on record yet. */
  readonly nowMs: number;
}

type Promised = Pick<Objective, 'target' | 'sli'> & { readonly versions?: readonly TargetVersion[] };

export function limitOf(sli: Sli | null): Limit | null {
  return sli?.type === 'threshold' ? { ms: sli.ms, strict: sli.strict } : null;
}

/** What the configuration says: one version since ever where it names none. */
export function versionsOf({ versions, target, sli }: Promised): readonly TargetVersion[] {
  return versions ?? [{ version: null, target, limit: limitOf(sli), fromMs: null, rfc: null, signOffs: [], lacks: [] }];
}

/** All that a change of a target has to say for itself. */
export const ASKED: readonly string[] = ['version', 'from', 'rfc', ...SIGN_OFF_ROLES];

/** The objective with the targets and limits that held, that hold, and that are announced. */
export function withHistory<Of extends Promised>(
  objective: Of,
  records: readonly TargetRecord[],
  options: HistoryOptions,
): Of {
  const configured = versionsOf(objective);
  if (records.length === 0 && configured.length < 2) return objective;
  const versions = heldVersions(configured, records, options);
  const newest = versions.at(-1);
  if (newest === undefined) return objective;
  return { ...objective, target: newest.target, versions, sli: withLimits(objective.sli, versions) };
}

function heldVersions(
  configured: readonly TargetVersion[],
  records: readonly TargetRecord[],
  options: HistoryOptions,
): readonly TargetVersion[] {
  const stretches = knowledge(configured, records, options);
  const held: TargetVersion[] = [];
  for (const { fromMs: sinceMs, untilMs, versions } of stretches) {
    for (const each of within(versions, sinceMs, untilMs)) {
      const before = held.at(-1);
      if (before === undefined) held.push({ ...each, fromMs: null });
      else if (isSame(before, each)) held.splice(-1, 1, continued(before, each));
      else held.push(asked(each));
    }
  }
  const last = stretches.at(-1);
  return last === undefined ? held : held.map((each) => retroactively(each, last.versions));
}

/** A number that changed without anybody's saying so lacks everything that the playbook asks for. */
function asked(version: TargetVersion): TargetVersion {
  return version.version === null && version.lacks.length === 0 ? { ...version, lacks: ASKED } : version;
}

/** The same promise in newer words; silence signs nothing off. */
function continued(before: TargetVersion, after: TargetVersion): TargetVersion {
  const lacks = after.version === null && after.lacks.length === 0 ? before.lacks : after.lacks;
  return { ...after, fromMs: before.fromMs, lacks };
}

/** With what it claims of the past, where that is earlier than it is known to hold. */
function retroactively(held: TargetVersion, configured: readonly TargetVersion[]): TargetVersion {
  const same = configured.findLast((each) => isSame(each, held) && each.version === held.version);
  const claimedFromMs = same?.fromMs ?? null;
  return claimedFromMs === null || held.fromMs === null || claimedFromMs >= held.fromMs
    ? held
    : { ...held, claimedFromMs };
}

interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly versions: readonly TargetVersion[];
}

/** Who is asked about which part of time: the first about all before it, the configuration about all that is to come. */
function knowledge(
  configured: readonly TargetVersion[],
  records: readonly TargetRecord[],
  { stepMs, nowMs }: HistoryOptions,
): readonly Stretch[] {
  const last = records.at(-1);
  const isOnRecord = last !== undefined && saysSame(last.versions, configured);
  const all = isOnRecord ? records : [...records, { atMs: nowMs, versions: configured }];
  const starts: number[] = [];
  for (const { atMs } of all) {
    const step = Math.floor(atMs / stepMs) * stepMs;
    starts.push(starts.length === 0 ? Number.NEGATIVE_INFINITY : Math.max(starts.at(-1) ?? step, step));
  }
  return all.map(({ versions }, index) => ({
    fromMs: starts[index] ?? Number.NEGATIVE_INFINITY,
    untilMs: starts[index + 1] ?? Number.POSITIVE_INFINITY,
    // Words, links and sign-offs may be added to what is on record; its numbers and dates are the same.
    versions: isOnRecord && index === all.length - 1 ? configured : versions,
  }));
}

/** The versions that hold within a stretch, cut to it. */
function within(versions: readonly TargetVersion[], fromMs: number, untilMs: number): readonly TargetVersion[] {
  return versions.flatMap((version, index) => {
    // Nothing held before the first: it stands for what was before it, too.
    const start = index === 0 ? Number.NEGATIVE_INFINITY : (version.fromMs ?? Number.NEGATIVE_INFINITY);
    const end = versions[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    const [from, until] = [Math.max(start, fromMs), Math.min(end, untilMs)];
    return from >= until ? [] : [{ ...version, fromMs: Number.isFinite(from) ? from : null }];
  });
}

/** The same promise: words about it may differ. */
export function isSame(a: TargetVersion, b: TargetVersion): boolean {
  return a.target === b.target && a.limit?.ms === b.limit?.ms && a.limit?.strict === b.limit?.strict;
}

/** The same promises from the same dates on. */
export function saysSame(a: readonly TargetVersion[], b: readonly TargetVersion[]): boolean {
  return (
    a.length === b.length &&
    a.every((each, index) => {
      const other = b[index];
      return other !== undefined && isSame(each, other) && each.fromMs === other.fromMs;
    })
  );
}

/** The newest limit, and those before it: events are judged by the one that held when they happened. */
function withLimits(sli: Sli, versions: readonly TargetVersion[]): Sli {
  if (sli.type !== 'threshold') return sli;
  const { earlier: _none, ...bare } = sli;
  const limits = versions.map(({ limit, fromMs }) => ({ ...(limit ?? { ms: sli.ms, strict: sli.strict }), fromMs }));
  const newest = limits.at(-1) ?? bare;
  const earlier = limits.flatMap((limit, index) => {
    const next = limits[index + 1];
    if (next === undefined || next.fromMs === null || (next.ms === limit.ms && next.strict === limit.strict)) return [];
    return [{ ms: limit.ms, strict: limit.strict, untilMs: next.fromMs }];
  });
  return { ...bare, ms: newest.ms, strict: newest.strict, ...(earlier.length === 0 ? {} : { earlier }) };
}

/** Where a configuration contradicts the record: dates in the past at which something else is known to have held. */
export function retroactive(
  objective: Promised,
  records: readonly TargetRecord[],
  options: HistoryOptions,
): readonly Retroactive[] {
  if (records.length === 0) return [];
  const configured = versionsOf(objective);
  const held = heldVersions(configured, records, options);
  return configured.flatMap((version, index) => {
    const claimedFromMs = version.fromMs;
    const claimedUntilMs = Math.min(configured[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY, options.nowMs);
    if (claimedFromMs === null || claimedFromMs >= claimedUntilMs) return [];
    const other = within(held, claimedFromMs, claimedUntilMs).find((each) => !isSame(each, version));
    if (other === undefined) return [];
    const until = held.find((each) => (each.fromMs ?? claimedFromMs) > claimedFromMs && isSame(each, version));
    return [{ version, claimedFromMs, untilMs: until?.fromMs ?? claimedUntilMs, recorded: other }];
  });
}
