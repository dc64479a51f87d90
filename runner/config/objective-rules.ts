/** The rules between objectives, probes and services, judged of everything that can be read. */
import { didYouMean } from '../../probes/nearest.ts';
import { foundText, type Problem } from '../../probes/problem.ts';
import { durationText } from '../../probes/duration.ts';
import { burnThresholdProblem } from '../../slo/burn.ts';
import { companionsOf } from '../../slo/companions.ts';
import { decimal, fromNumber } from '../../slo/decimal.ts';
import type { Objective, Sli } from '../../slo/objective.ts';
import { timeBase } from '../../slo/time-base.ts';
import { draftOf, keyed, type Draft } from './draft.ts';
import { shippedRows, sliOf } from './objectives.ts';
import type { ProbeDraft } from './probes.ts';
import { overrideRules, ownRules } from './target-rules.ts';
import {
  objectiveSchema,
  overrideSchema,
  settingsSchema,
  type ObjectiveDocument,
  type OverrideDocument,
  type SettingsDocument,
} from './schema.ts';

interface At<T> extends Draft<T> {
  readonly path: string;
}

/** What probes are held against: an objective's limit, and where its user can change it. */
interface Judged {
  readonly id: string;
  readonly sli: Sli;
  readonly probes: readonly string[];
  /** Null: a shipped row, whose limit stands. */
  readonly path: string | null;
}

/** @param document `objectives` as its user wrote it */
export function objectiveProblems(document: unknown, probes: readonly ProbeDraft[]): readonly Problem[] {
  const { shipped, settings, override, own } = read(document);
  // Limits and bindings do not depend on the scale of time.
  const rows = shipped === true && settings !== null ? shippedRows(probes, settings, timeBase(1)) : [];
  const knowsRows = shipped === false || rows.length > 0;
  const judged = [
    ...rows.map(({ id, sli, probes: named }): Judged => {
      const limit = override.find(({ fields }) => fields.id === id)?.fields.limit;
      const changed = sli.type === 'threshold' && limit !== undefined ? { ...sli, ms: limit } : sli;
      return { id, sli: changed, probes: named, path: null };
    }),
    ...own.flatMap(({ path, fields: { id, sli, probes: named } }): readonly Judged[] =>
      id === undefined || sli === undefined || named === undefined
        ? []
        : [{ id, sli: sliOf(sli), probes: named, path }],
    ),
  ];
  return [
    ...(knowsRows ? override.flatMap((each) => overrideProblems(each, rows)) : []),
    ...repeatedOverrides(override),
    ...repeatedIds(own, new Set(rows.flatMap((row) => [row, ...companionsOf(row)]).map(({ id }) => id))),
    ...own.flatMap((each) => ownProblems(each, probes)),
    ...judged.flatMap((each) => limitProblems(each, probes)),
  ];
}

/** The three forms of `objectives`, as far as they can be read. */
function read(document: unknown): {
  /** Whether the shipped rows are among them; null: not to be told. */
  readonly shipped: boolean | null;
  readonly settings: SettingsDocument | null;
  readonly override: readonly At<OverrideDocument>[];
  readonly own: readonly At<ObjectiveDocument>[];
} {
  const group = keyed(document) ?? {};
  const base = group['extends'] ?? 'tradepulse';
  const settings = settingsSchema.safeParse(group['settings']);
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const ownPath = Array.isArray(document) ? 'objectives' : 'objectives.add';
  const own = list(Array.isArray(document) ? document : group['add']);
  return {
    shipped: Array.isArray(document) || base === 'none' ? false : base === 'tradepulse' ? true : null,
    settings: settings.success ? settings.data : null,
    override: list(group['override']).map((each, index) => ({
      path: `objectives.override[${index}]`,
      ...draftOf(overrideSchema, each),
    })),
    own: own.map((each, index) => ({ path: `${ownPath}[${index}]`, ...draftOf(objectiveSchema, each) })),
  };
}

function overrideProblems(given: At<OverrideDocument>, rows: readonly Objective[]): readonly Problem[] {
  const { path, fields } = given;
  if (fields.id === undefined) return [];
  const row = rows.find(({ id }) => id === fields.id);
  if (row === undefined) {
    const meant = didYouMean(
      fields.id,
      rows.map(({ id }) => id),
    );
    return [{ path: `${path}.id`, expected: `the id of a shipped objective${meant}`, found: foundText(fields.id) }];
  }
  return [...burnProblems(fields.burn, fields.target ?? row.target, path), ...overrideRules(given, row)];
}

/** Of two overrides of one row nobody could say which came first: a second change is a version of the same override. */
function repeatedOverrides(override: readonly At<OverrideDocument>[]): readonly Problem[] {
  const paths = new Map<string, string>();
  return override.flatMap(({ path, fields: { id } }) => {
    if (id === undefined) return [];
    const first = paths.get(id);
    if (first === undefined) {
      paths.set(id, path);
      return [];
    }
    const expected = `one override of each objective (${first} changes this one; what held before belongs into its "earlier")`;
    return [{ path: `${path}.id`, expected, found: foundText(id) }];
  });
}

function repeatedIds(own: readonly At<ObjectiveDocument>[], taken: Set<string>): readonly Problem[] {
  return own.flatMap(({ path, fields: { id } }) => {
    if (id === undefined) return [];
    if (!taken.has(id)) {
      taken.add(id);
      return [];
    }
    return [{ path: `${path}.id`, expected: 'an id of its own', found: `${foundText(id)}, which is taken` }];
  });
}

function ownProblems(own: At<ObjectiveDocument>, probes: readonly ProbeDraft[]): readonly Problem[] {
  const { path, fields, isSure } = own;
  const named = fields.probes ?? [];
  const problems: Problem[] = [...burnProblems(fields.burn, fields.target, path), ...ownRules(own)];
  if (named.length === 0 && isSure('probes', 'source') && fields.source === undefined) {
    problems.push({ path, expected: 'probes or a source to be judged by', found: 'neither' });
  }
  const ids = probes.flatMap(({ id }) => (id === null ? [] : [id]));
  // A probe without an id may be the one that is meant, and so may any while the list itself does not read.
  const knowsIds = ids.length > 0 && ids.length === probes.length;
  const sli = fields.sli === undefined ? null : sliOf(fields.sli);
  const wanted = sli?.type === 'threshold' ? sli.indicator : sli?.type === 'quantity' ? 'quantity' : null;
  const modes = new Set<string>();
  for (const [index, name] of named.entries()) {
    const at = `${path}.probes[${index}]`;
    const probe = probes.find(({ id }) => id === name);
    if (probe === undefined && knowsIds) {
      problems.push({ path: at, expected: `the id of a probe${didYouMean(name, ids)}`, found: foundText(name) });
    }
    if (wanted !== null && probe?.measures?.includes(wanted) === false) {
      const found = `${foundText(name)}, which measures ${probe.measures.join(', ')}`;
      problems.push({ path: at, expected: `a probe that measures ${wanted}`, found });
    }
    if (probe?.fields.kind === 'market-data' && probe.fields.mode !== undefined) modes.add(probe.fields.mode);
  }
  if (wanted === 'tick-age' && modes.size > 1) {
    const expected = 'either continuous or session probes (their ticks do not weigh alike)';
    problems.push({ path: `${path}.probes`, expected, found: 'both' });
  }
  return problems;
}

function burnProblems(rules: OverrideDocument['burn'], target: string | undefined, path: string): readonly Problem[] {
  if (target === undefined) return [];
  return (rules ?? []).flatMap((rule, index) => {
    const problem = burnThresholdProblem(fromNumber(rule.factor), decimal(target));
    if (problem === null) return [];
    return [
      {
        path: `${path}.burn[${index}].factor`,
        expected: 'a burn rate that can be reached',
        found: `${rule.factor}, ${problem}`,
      },
    ];
  });
}

/** A limit that a probe gives up before can never be told from a failure: what is within it would count as bad. */
function limitProblems({ id, sli, probes: named, path }: Judged, probes: readonly ProbeDraft[]): readonly Problem[] {
  if (sli.type !== 'threshold') return [];
  return probes.flatMap((probe): readonly Problem[] => {
    const { fields, timeoutMs } = probe;
    if (probe.id === null || !named.includes(probe.id)) return [];
    if (fields.kind === 'paper-order') {
      const key = sli.indicator.endsWith('ack') ? 'ackDeadline' : 'fillDeadline';
      const ms = fields[key];
      if (ms === undefined || ms > sli.ms) return [];
      const expected = `more than the limit of ${id} (${durationText(sli.ms)})`;
      return [{ path: `${probe.path}.${key}`, expected, found: JSON.stringify(durationText(ms)) }];
    }
    if (sli.indicator !== 'latency' || timeoutMs === null || timeoutMs >= sli.ms) return [];
    const timeout = durationText(timeoutMs);
    const limit = durationText(sli.ms);
    if (path === null) {
      const expected = `at least the limit of ${id} (${limit})`;
      return [{ path: `${probe.path}.timeout`, expected, found: JSON.stringify(timeout) }];
    }
    return [
      {
        path: `${path}.sli.${sli.strict ? 'below' : 'within'}`,
        expected: `at most the timeout of ${probe.id} (${timeout}), after which nothing is measured`,
        found: JSON.stringify(limit),
      },
    ];
  });
}
