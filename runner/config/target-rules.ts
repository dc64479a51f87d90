/** What can be wrong with the versions of a target, and with the windows beside it. */
import { foundText, type Problem } from '../../probes/problem.ts';
import { durationText } from '../../probes/duration.ts';
import { LOOKBACK_MINUTES } from '../../slo/burn.ts';
import type { Limit, Objective } from '../../slo/objective.ts';
import { limitOf } from '../../slo/target-history.ts';
import { PLAYBOOK_VERSION } from '../../slo/tradepulse-rows.ts';
import type { Draft } from './draft.ts';
import { sliOf } from './objectives.ts';
import type { ObjectiveDocument, OverrideDocument } from './schema.ts';
import { numbersOf, type Numbers } from './targets.ts';

interface At<T> extends Draft<T> {
  readonly path: string;
}

const POLICY_MINUTE_MS = 60_000;

/** @param row the shipped one */
export function overrideRules(given: At<OverrideDocument>, row: Objective): readonly Problem[] {
  const { path, fields, has, isSure } = given;
  const shipped: Numbers = { target: row.target, limit: limitOf(row.sli) };
  const problems: Problem[] = [...unlimited(given, shipped.limit, row.id), ...versionRules(given, shipped, true)];
  const isPromise = has('target') || has('limit');
  if (has('from') && !isPromise && isSure('target', 'limit')) {
    const expected = 'target or limit beside it, which hold from then on';
    problems.push({ path: `${path}.from`, expected, found: dateText(fields.from) });
  }
  if (fields.window === row.windowMs) {
    const expected = `another window than that of ${row.id} (${durationText(row.windowMs)}), or none`;
    problems.push({ path: `${path}.window`, expected, found: foundText(durationText(row.windowMs)) });
  }
  if (fields.minEvents === row.minEvents) {
    const expected = `another minimum than that of ${row.id} (${row.minEvents}), or none`;
    problems.push({ path: `${path}.minEvents`, expected, found: String(row.minEvents) });
  }
  const isSigning = (has('rfc') || has('signOffs')) && row.assumptions.length > 0;
  const isChange = isPromise || isSigning || ['window', 'minEvents', 'burn', 'earlier'].some(has);
  if (!isChange && !given.hasStrangers && isSure('target', 'limit', 'window', 'minEvents', 'burn')) {
    const expected = `a change to ${row.id}: target, limit, window, minEvents or burn`;
    problems.push({ path, expected, found: 'none of them' });
  }
  return [...problems, ...windowRules(given, fields.window ?? row.windowMs, row.slidingMs)];
}

export function ownRules(given: At<ObjectiveDocument>): readonly Problem[] {
  const { path, fields } = given;
  const { target, window: windowMs, sliding } = fields;
  const problems: Problem[] = [];
  const limit = fields.sli === undefined ? null : limitOf(sliOf(fields.sli));
  if (target !== undefined) problems.push(...versionRules(given, { target, limit }, false));
  if (fields.sli !== undefined && limit === null) {
    problems.push(...(fields.earlier ?? []).flatMap((each, index) => noLimit(`${path}.earlier[${index}]`, each.limit)));
  }
  if (sliding !== undefined && fields.sli !== undefined && limit === null) {
    const expected = 'no sliding window (only a limit has a percentile that slides), or an sli with a limit';
    problems.push({ path: `${path}.sliding`, expected, found: foundText(durationText(sliding)) });
  }
  return windowMs === undefined ? problems : [...problems, ...windowRules(given, windowMs, sliding ?? null)];
}

function unlimited(given: At<OverrideDocument>, limit: Limit | null, id: string): readonly Problem[] {
  if (limit !== null) return [];
  const { path, fields } = given;
  const all = [
    { at: path, value: fields.limit },
    ...(fields.earlier ?? []).map((each, index) => ({ at: `${path}.earlier[${index}]`, value: each.limit })),
  ];
  return all.flatMap(({ at, value }) => noLimit(at, value, id));
}

function noLimit(path: string, limitMs: number | undefined, id = 'this objective'): readonly Problem[] {
  if (limitMs === undefined) return [];
  return [
    { path: `${path}.limit`, expected: `no limit, since ${id} has none`, found: foundText(durationText(limitMs)) },
  ];
}

interface Named extends Partial<Numbers> {
  readonly path: string;
  readonly version: string | undefined;
  readonly from: number | undefined;
  readonly numbers: Numbers;
}

/** Versions in their order, each later than the one before it, each a change. @param first what comes before all of them */
function versionRules(
  { path, fields, has, isSure }: At<OverrideDocument> | At<ObjectiveDocument>,
  first: Numbers,
  isOverride: boolean,
): readonly Problem[] {
  if (!isSure('earlier', 'version', 'from')) return [];
  const { earlier = [] } = fields;
  const versions: Named[] = [];
  let before = first;
  for (const [index, each] of earlier.entries()) {
    const numbers = numbersOf(each, before);
    versions.push({ path: `${path}.earlier[${index}]`, version: each.version, from: each.from, numbers });
    before = numbers;
  }
  const limit = 'limit' in fields ? fields.limit : undefined;
  const last = isOverride ? numbersOf({ target: fields.target, limit }, before) : first;
  const isLast = isOverride ? has('target') || (has('limit') && first.limit !== null) : true;
  if (isLast) versions.push({ path, version: fields.version, from: fields.from, numbers: last });
  const previous = isOverride ? [first] : [];
  return [
    ...repeatedNames(versions, isOverride ? [PLAYBOOK_VERSION] : []),
    ...outOfOrder(versions, earlier.length > 0, isOverride),
    ...unchanged(versions, previous),
  ];
}

function repeatedNames(versions: readonly Named[], shipped: readonly string[]): readonly Problem[] {
  const taken = new Set(shipped);
  return versions.flatMap(({ path, version }) => {
    if (version === undefined || !taken.has(version)) {
      if (version !== undefined) taken.add(version);
      return [];
    }
    const found = `${foundText(version)}, which is taken`;
    return [{ path: `${path}.version`, expected: 'a name that no other version has', found }];
  });
}

function outOfOrder(versions: readonly Named[], hasEarlier: boolean, isOverride: boolean): readonly Problem[] {
  if (!hasEarlier) return [];
  return versions.flatMap(({ path, from }, index) => {
    // The first promise of an objective of one's own may hold since ever.
    const before = versions[index - 1];
    if (from === undefined) {
      if (before === undefined && !isOverride) return [];
      const expected = 'the day from which it holds, since it is one of several versions';
      return [{ path: `${path}.from`, expected, found: 'nothing' }];
    }
    if (before?.from === undefined || from > before.from) return [];
    const expected = `a day later than ${dateText(before.from)}, from which the version before it holds`;
    return [{ path: `${path}.from`, expected, found: dateText(from) }];
  });
}

function unchanged(versions: readonly Named[], first: readonly Numbers[]): readonly Problem[] {
  return versions.flatMap(({ path, numbers }, index) => {
    const before = versions[index - 1]?.numbers ?? first[0];
    if (before === undefined || before.target !== numbers.target || before.limit?.ms !== numbers.limit?.ms) return [];
    const limit = before.limit === null ? '' : ` with its limit of ${durationText(before.limit.ms)}`;
    const expected = `another promise than the version before it (target ${foundText(before.target)}${limit})`;
    return [{ path: `${path}.target`, expected, found: 'the same' }];
  });
}

/** Lookbacks, live windows and the window itself have to fit into each other. */
function windowRules(
  { path, fields }: At<OverrideDocument> | At<ObjectiveDocument>,
  windowMs: number,
  slidingMs: number | null,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (slidingMs !== null && slidingMs > windowMs) {
    const isOwn = 'sliding' in fields;
    const expected = isOwn
      ? `at most the window (${durationText(windowMs)}), whose last part it is`
      : `at least the sliding window (${durationText(slidingMs)}), which is its last part`;
    const found = foundText(durationText(isOwn ? slidingMs : windowMs));
    problems.push({ path: `${path}.${isOwn ? 'sliding' : 'window'}`, expected, found });
  }
  for (const [index, { long, short }] of (fields.burn ?? []).entries()) {
    const at = `${path}.burn[${index}]`;
    if (LOOKBACK_MINUTES[long] * POLICY_MINUTE_MS > windowMs) {
      const expected = `a lookback within the window (${durationText(windowMs)})`;
      problems.push({ path: `${at}.long`, expected, found: foundText(long) });
    }
    if (LOOKBACK_MINUTES[short] >= LOOKBACK_MINUTES[long]) {
      problems.push({
        path: `${at}.short`,
        expected: `a lookback shorter than long (${long})`,
        found: foundText(short),
      });
    }
  }
  return problems;
}

/** "2026-12-01", with its time of day where it is not midnight UTC. */
export function dateText(ms: number | undefined): string {
  if (ms === undefined) return 'nothing';
  const text = new Date(ms).toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : `${text.slice(0, 16)}Z`;
}
