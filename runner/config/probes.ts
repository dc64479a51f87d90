import { validateDetailed } from 'node-cron';
import { KINDS, modeOf, type ProbeSpec } from '../../probes/kinds.ts';
import { foundText, problemsOf, type Problem } from '../../probes/problem.ts';
import { durationText, everyMs } from '../../probes/spec.ts';
import type { PlannedProbe } from './configuration.ts';

const kindNames: readonly string[] = Object.keys(KINDS);

function isKind(name: unknown): name is keyof typeof KINDS {
  return typeof name === 'string' && kindNames.includes(name);
}

/** Validates each probe by its kind. All problems of all probes come back together. */
export function parseProbes(documents: readonly unknown[]): {
  probes: readonly PlannedProbe[];
  problems: readonly Problem[];
} {
  const probes: PlannedProbe[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  for (const [index, document] of documents.entries()) {
    const kind = typeof document === 'object' && document !== null && 'kind' in document ? document.kind : undefined;
    if (!isKind(kind)) {
      const expected = kindNames.map((name) => JSON.stringify(name)).join(' or ');
      problems.push({ path: `probes[${index}].kind`, expected, found: foundText(kind) });
      continue;
    }
    const schema = KINDS[kind].schema;
    const parsed = schema.safeParse(document);
    if (!parsed.success) {
      problems.push(...problemsOf(parsed.error, document, schema, ['probes', index]));
      continue;
    }
    const first = seen.get(parsed.data.id);
    if (first !== undefined) {
      const found = `${JSON.stringify(parsed.data.id)}, which probes[${first}] has already`;
      problems.push({ path: `probes[${index}].id`, expected: 'an id of its own', found });
    }
    seen.set(parsed.data.id, index);
    const givesTimeout = typeof document === 'object' && document !== null && 'timeout' in document;
    const planned = plan(parsed.data, givesTimeout);
    problems.push(...timetableProblems(planned, index));
    probes.push(planned);
  }
  return { probes, problems };
}

function plan(spec: ProbeSpec, givesTimeout: boolean): PlannedProbe {
  const base = everyMs(spec);
  const intervals = [base, spec.yellow === 'auto' ? null : spec.yellow, spec.red ?? null].filter((ms) => ms !== null);
  // The default allowance fits into the shortest interval that was asked for, and leaves `auto` room to raise the rate;
  // one that was written down must fit itself.
  const roomMs = base !== null && spec.yellow === 'auto' && isQuick(spec) ? Math.max(base / 4, spec.fastest) : Infinity;
  const timeoutMs = givesTimeout ? spec.timeout : Math.min(spec.timeout, roomMs, ...intervals);
  const cap = spec.kind === 'paper-order' ? orderFloorMs(spec) : 0;
  return {
    id: spec.id,
    kind: spec.kind,
    service: spec.service,
    endpoint: spec.endpoint ?? null,
    venue: spec.venue ?? null,
    mode: modeOf(spec),
    spec,
    everyMs: base,
    cron: spec.cron === undefined ? null : { expression: spec.cron, timezone: spec.timezone },
    yellow: spec.yellow,
    redMs: spec.red ?? null,
    floorMs: Math.max(timeoutMs, spec.fastest, cap),
    timeoutMs,
  };
}

/** One question and its answer; the other kinds listen or wait for as long as their own settings say. */
function isQuick(spec: ProbeSpec): boolean {
  return spec.kind === 'http' || modeOf(spec) === 'continuous';
}

/** The shortest interval at which a paper-order probe keeps its rate cap: flattening sends a second order a run. */
function orderFloorMs({ flatten, limits }: Extract<ProbeSpec, { kind: 'paper-order' }>): number {
  return Math.ceil(((flatten ? 2 : 1) * 60_000) / limits.maxPerMinute);
}

/** A run that outlives its interval would meet its successor, which would then be skipped: lost just when it matters. */
function timetableProblems(probe: PlannedProbe, index: number): readonly Problem[] {
  const problems: Problem[] = [];
  const at = (key: string): string => `probes[${index}].${key}`;
  const { cron } = probe;
  if (cron !== null) {
    const checked = validateDetailed(cron.expression);
    if (!checked.valid) {
      const why = checked.errors.map((error) => error.message).join('; ');
      problems.push({
        path: at('cron'),
        expected: 'a cron expression such as "*/10 9-16 * * 1-5"',
        found: `${JSON.stringify(cron.expression)} (${why})`,
      });
    }
    for (const [key, ms] of [
      ['yellow', probe.yellow],
      ['red', probe.redMs],
    ] as const) {
      if (typeof ms !== 'number') continue;
      problems.push({
        path: at(key),
        expected: 'every instead of cron (a calendar cannot be raised)',
        found: durationText(ms),
      });
    }
  }
  const named: readonly (readonly [string, number | null])[] = [
    ['every', probe.everyMs],
    ['yellow', probe.yellow === 'auto' ? null : probe.yellow],
    ['red', probe.redMs],
  ];
  const shortest = named.filter(([, ms]) => ms !== null).toSorted(([, a], [, b]) => (a ?? 0) - (b ?? 0))[0];
  if (shortest !== undefined && shortest[1] !== null && probe.timeoutMs > shortest[1]) {
    problems.push({
      path: at('timeout'),
      expected: `at most ${shortest[0]} (${durationText(shortest[1])}), so that no run meets its successor`,
      found: JSON.stringify(durationText(probe.timeoutMs)),
    });
  }
  const { spec } = probe;
  if (spec.kind === 'paper-order') {
    for (const [key, ms] of named) {
      const floor = orderFloorMs(spec);
      if (ms === null || ms >= floor) continue;
      problems.push({
        path: at(key),
        expected: `at least ${durationText(floor)} (limits.maxPerMinute is ${spec.limits.maxPerMinute})`,
        found: JSON.stringify(durationText(ms)),
      });
    }
    if (spec.fillDeadline >= probe.timeoutMs) {
      problems.push({
        path: at('fillDeadline'),
        expected: `less than the timeout (${durationText(probe.timeoutMs)})`,
        found: JSON.stringify(durationText(spec.fillDeadline)),
      });
    }
  }
  if (spec.kind === 'market-data' && spec.mode === 'session' && spec.for >= probe.timeoutMs) {
    problems.push({
      path: at('for'),
      expected: `less than the timeout (${durationText(probe.timeoutMs)})`,
      found: JSON.stringify(durationText(spec.for)),
    });
  }
  return problems;
}
