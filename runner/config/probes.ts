import { z } from 'zod';
import { KINDS, measuresOf, modeOf, type ProbeSpec } from '../../probes/kinds.ts';
import { didYouMean, isSlipOf } from '../../probes/nearest.ts';
import { foundText, problemsOf, withoutSaid, type Problem } from '../../probes/problem.ts';
import { baseFields, everyMs } from '../../probes/spec.ts';
import type { PlannedProbe } from './configuration.ts';
import { draftOf, keyed } from './draft.ts';
import { orderProblems } from './orders.ts';
import { orderFloorMs, timesOf, timetableProblems } from './timetable.ts';

/** A probe as far as it can be read; what refers to it is judged by that. */
export interface ProbeDraft {
  readonly path: string;
  /** As written down, valid or not; null when there is none. */
  readonly id: string | null;
  readonly service: string | null;
  readonly fields: Partial<ProbeSpec>;
  /** Null when it hangs on something that cannot be read. */
  readonly timeoutMs: number | null;
  /** Null while the probe has a problem of its own. */
  readonly planned: PlannedProbe | null;
  /** What its runs have readings of; null when that cannot be told. */
  readonly measures: readonly string[] | null;
}

interface Drafts {
  readonly drafts: readonly ProbeDraft[];
  readonly problems: readonly Problem[];
}

const kindNames: readonly string[] = Object.keys(KINDS);

/** What every kind has, and every key that some kind has. */
const sharedSchema = z.strictObject(baseFields);
const everySchema = z.looseObject(Object.assign({}, ...Object.values(KINDS).map(({ schema }) => schema.shape)));

function isKind(name: unknown): name is keyof typeof KINDS {
  return typeof name === 'string' && kindNames.includes(name);
}

/** Validates each probe by its kind. All problems of all probes come back together. */
export function draftProbes(documents: readonly unknown[]): Drafts {
  const read = documents.map((document, index) => draftProbe(document, index));
  const seen = new Map<string, string>();
  const problems = read.flatMap(({ draft, problems: own }) => {
    const { id, path } = draft;
    if (id === null) return own;
    const first = seen.get(id);
    seen.set(id, first ?? path);
    if (first === undefined) return own;
    const found = `${JSON.stringify(id)}, which ${first} has already`;
    return [...own, { path: `${path}.id`, expected: 'an id of its own', found }];
  });
  return { drafts: read.map(({ draft }) => draft), problems };
}

/** The probes of a list that has nothing else around it. */
export function parseProbes(documents: readonly unknown[]): {
  probes: readonly PlannedProbe[];
  problems: readonly Problem[];
} {
  const { drafts, problems } = draftProbes(documents);
  return { probes: plannedOf(drafts), problems };
}

export function plannedOf(drafts: readonly ProbeDraft[]): readonly PlannedProbe[] {
  return drafts.flatMap(({ planned }) => (planned === null ? [] : [planned]));
}

function draftProbe(
  document: unknown,
  index: number,
): { readonly draft: ProbeDraft; readonly problems: readonly Problem[] } {
  const path = `probes[${index}]`;
  const given = keyed(document) ?? {};
  const text = (key: string): string | null => (typeof given[key] === 'string' ? given[key] : null);
  const bare = { path, id: text('id'), service: text('service') };
  const { kind } = given;
  if (isKind(kind)) {
    const { parsed, draft, times, problems } = readAs(KINDS[kind].schema, document, index);
    return {
      draft: {
        ...bare,
        fields: draft.fields,
        timeoutMs: times.timeoutMs,
        planned: parsed.success && times.timeoutMs !== null ? plan(parsed.data, times.timeoutMs) : null,
        measures: parsed.success ? measuresOf(parsed.data) : null,
      },
      problems,
    };
  }
  const expected = kindNames.map((name) => JSON.stringify(name)).join(' or ') + didYouMean(kind, kindNames);
  const { draft, times, problems } = readWithoutKind(given, index);
  return {
    draft: { ...bare, fields: draft.fields, timeoutMs: times.timeoutMs, planned: null, measures: null },
    problems: [{ path: `${path}.kind`, expected, found: foundText(kind) }, ...problems],
  };
}

/** @param schema of the probe's kind */
function readAs<S extends (typeof KINDS)[keyof typeof KINDS]['schema']>(schema: S, document: unknown, index: number) {
  const path = `probes[${index}]`;
  const parsed = schema.safeParse(document);
  const draft = draftOf(schema, document);
  const times = timesOf(draft);
  // The rules between keys are judged below, of those keys that read; here each key is by itself. A schema of its own costs
  // far more than reading by it, which thousands of probes in order need not wait for.
  const keys = parsed.success ? parsed : z.strictObject(schema.shape).safeParse(document);
  const own = keys.success ? [] : problemsOf(keys.error, document, schema, ['probes', index]);
  const rules = [...timetableProblems(document, draft, times, path), ...orderProblems(draft, path)];
  const said = [...own, ...withoutSaid(rules, own)];
  const whole = parsed.success || !keys.success ? [] : problemsOf(parsed.error, document, schema, ['probes', index]);
  return { parsed, draft, times, problems: [...said, ...withoutSaid(whole, said)] };
}

/** A probe of no kind has the keys that all kinds share; one whose kind is merely misspelt has those of that kind too. */
function readWithoutKind(given: Readonly<Record<string, unknown>>, index: number) {
  const { kind } = given;
  const meant = typeof kind === 'string' ? kindNames.find((name) => isSlipOf(kind, name)) : undefined;
  if (isKind(meant)) return readAs(KINDS[meant].schema, { ...given, kind: meant }, index);
  const shared = Object.fromEntries(
    Object.entries(given).filter(([key]) => key in baseFields || !(key in everySchema.shape)),
  );
  const draft = draftOf(sharedSchema, shared);
  // What is allowed when nothing is written down hangs on the kind.
  const times = { ...timesOf(draft), ...(draft.has('timeout') ? {} : { timeoutMs: null }) };
  const parsed = sharedSchema.safeParse(shared);
  const own = parsed.success ? [] : problemsOf(parsed.error, shared, everySchema, ['probes', index]);
  return {
    draft,
    times,
    problems: [...own, ...withoutSaid(timetableProblems(shared, draft, times, `probes[${index}]`), own)],
  };
}

/**
 * Orders leave a proof later than their runs begin, and not always equally late: sampling that is raised to the very cap would
 * meet it every few runs. So much longer is the shortest interval that is chosen for a probe; 3 s in a minute.
 */
const CAP_ROOM = 1.05;

function plan(spec: ProbeSpec, timeoutMs: number): PlannedProbe {
  const cap = spec.kind === 'paper-order' ? orderFloorMs(spec.flatten, spec.limits.maxPerMinute) : 0;
  return {
    id: spec.id,
    kind: spec.kind,
    service: spec.service,
    endpoint: spec.endpoint ?? null,
    venue: spec.venue ?? null,
    mode: modeOf(spec),
    spec,
    everyMs: everyMs(spec),
    cron: spec.cron === undefined ? null : { expression: spec.cron, timezone: spec.timezone },
    yellow: spec.yellow,
    redMs: spec.red ?? null,
    floorMs: Math.max(timeoutMs, spec.fastest, Math.ceil(cap * CAP_ROOM)),
    timeoutMs,
  };
}
