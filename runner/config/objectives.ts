import { measuresOf } from '../../probes/kinds.ts';
import { foundText, type Problem } from '../../probes/problem.ts';
import { durationText } from '../../probes/spec.ts';
import { burnThresholdProblem } from '../../slo/burn.ts';
import { decimal, fromNumber } from '../../slo/decimal.ts';
import type { Objective, Sli, Weighing } from '../../slo/objective.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { tradepulseObjectives } from '../../slo/tradepulse.ts';
import type { PlannedProbe } from './configuration.ts';
import type { Document, ObjectiveDocument } from './schema.ts';

interface Built {
  readonly objectives: readonly Objective[];
  readonly problems: readonly Problem[];
}

/** Binds what was promised to what is asked. @param isList whether the document wrote `objectives` as a plain list */
export function buildObjectives(
  document: Document['objectives'],
  probes: readonly PlannedProbe[],
  base: TimeBase,
  isList: boolean,
): Built {
  const problems: Problem[] = [];
  const objectives = new Map<string, Objective>();
  const { minEvents, brokerSlaMs } = document.settings;

  if (document.extends === 'tradepulse') {
    const rows = tradepulseObjectives({
      base,
      settings: brokerSlaMs === undefined ? { minEvents } : { minEvents, brokerSlaMs },
      probes: probes.map((probe) => ({
        id: probe.id,
        kind: probe.kind,
        service: probe.service,
        ...(probe.mode === null ? {} : { mode: probe.mode }),
        ...(probe.endpoint === null ? {} : { endpoint: probe.endpoint }),
      })),
    });
    for (const row of rows) objectives.set(row.id, row);
  }

  for (const [index, change] of document.override.entries()) {
    const path = `objectives.override[${index}]`;
    const row = objectives.get(change.id);
    if (row === undefined) {
      problems.push({ path: `${path}.id`, expected: 'the id of a shipped objective', found: foundText(change.id) });
      continue;
    }
    const target = change.target ?? row.target;
    problems.push(...burnProblems(change.burn ?? [], target, path));
    objectives.set(row.id, {
      ...row,
      target,
      windowMs: change.window === undefined ? row.windowMs : change.window / base.scale,
      minEvents: change.minEvents ?? row.minEvents,
      ...(change.burn === undefined ? {} : { burn: change.burn }),
      assumptions:
        change.target === undefined || change.target === row.target
          ? row.assumptions
          : [...row.assumptions, `target changed from ${row.target}: not signed off`],
    });
  }

  for (const [index, own] of document.add.entries()) {
    const path = isList ? `objectives[${index}]` : `objectives.add[${index}]`;
    if (objectives.has(own.id)) {
      problems.push({
        path: `${path}.id`,
        expected: 'an id of its own',
        found: `${foundText(own.id)}, which is taken`,
      });
      continue;
    }
    const built = buildOwn(own, probes, base, minEvents, path);
    problems.push(...built.problems, ...burnProblems(own.burn ?? [], own.target, path));
    objectives.set(own.id, built.objective);
  }
  problems.push(...deadlineProblems([...objectives.values()], probes));
  return { objectives: [...objectives.values()], problems };
}

/** An order is decided after a deadline above every limit: given up earlier, one within its limit would count as bad. */
function deadlineProblems(objectives: readonly Objective[], probes: readonly PlannedProbe[]): readonly Problem[] {
  return objectives.flatMap(({ id, sli, probes: feeding }) =>
    probes.flatMap(({ spec, id: probe }, index) => {
      if (spec.kind !== 'paper-order' || sli.type !== 'threshold' || !feeding.includes(probe)) return [];
      const key = sli.indicator === 'ack' ? 'ackDeadline' : 'fillDeadline';
      if (spec[key] > sli.ms) return [];
      return [
        {
          path: `probes[${index}].${key}`,
          expected: `more than the limit of ${id} (${durationText(sli.ms)})`,
          found: JSON.stringify(durationText(spec[key])),
        },
      ];
    }),
  );
}

/** Of a probe that never measures it, an objective would see nothing but the failures. */
function measureProblems(
  sli: Sli,
  named: readonly string[],
  bound: readonly PlannedProbe[],
  path: string,
): readonly Problem[] {
  const wanted = sli.type === 'threshold' ? sli.indicator : sli.type === 'quantity' ? 'quantity' : null;
  if (wanted === null) return [];
  return bound.flatMap((probe) => {
    const measures: readonly string[] = measuresOf(probe.spec);
    if (measures.includes(wanted)) return [];
    return [
      {
        path: `${path}.probes[${named.indexOf(probe.id)}]`,
        expected: `a probe that measures ${wanted}`,
        found: `${foundText(probe.id)}, which measures ${measures.join(', ')}`,
      },
    ];
  });
}

function burnProblems(rules: NonNullable<ObjectiveDocument['burn']>, target: string, path: string): readonly Problem[] {
  return rules.flatMap((rule, index) => {
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

function sliOf(document: ObjectiveDocument['sli']): Sli {
  if (document === 'availability' || document === 'quantity') return { type: document };
  const { indicator, within, below } = document;
  return { type: 'threshold', indicator, ms: within ?? below ?? 0, strict: below !== undefined };
}

function buildOwn(
  own: ObjectiveDocument,
  probes: readonly PlannedProbe[],
  base: TimeBase,
  minEvents: number,
  path: string,
): { readonly objective: Objective; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const named = own.probes ?? [];
  if (named.length === 0) {
    const found =
      own.source === undefined
        ? 'neither'
        : `only the source ${foundText(own.source)}, which no "sources" entry declares`;
    problems.push({ path, expected: 'probes or a source to be judged by', found });
  }
  const bound = named.flatMap((id, index) => {
    const probe = probes.find((candidate) => candidate.id === id);
    if (probe === undefined) {
      problems.push({ path: `${path}.probes[${index}]`, expected: 'the id of a probe', found: foundText(id) });
      return [];
    }
    return [probe];
  });
  const sli = sliOf(own.sli);
  problems.push(...measureProblems(sli, named, bound, path));
  const weighing = weighingOf(sli, bound);
  if (weighing === null) {
    problems.push({
      path: `${path}.probes`,
      expected: 'either continuous or session probes (their ticks do not weigh alike)',
      found: 'both',
    });
  }
  return {
    problems,
    objective: {
      id: own.id,
      title: own.title ?? own.id,
      commitment: own.commitment,
      service: own.service,
      owners: [],
      supporting: [],
      target: own.target,
      windowMs: own.window / base.scale,
      slidingMs: own.sliding === undefined ? null : own.sliding / base.scale,
      sli,
      weighing: weighing ?? 'time',
      split: own.split ?? null,
      minEvents: own.minEvents ?? minEvents,
      probes: bound.map((probe) => probe.id),
      unknownBecause: null,
      assumptions: [],
      ...(own.burn === undefined ? {} : { burn: own.burn }),
    },
  };
}

/** Ticks of a continuous watch weigh one each; everything else weighs the time it stands for. Null: the two are mixed. */
function weighingOf(sli: Sli, probes: readonly PlannedProbe[]): Weighing | null {
  if (sli.type === 'quantity') return 'quantity';
  if (sli.type !== 'threshold' || sli.indicator !== 'tick-age') return 'time';
  const modes = new Set(probes.map((probe) => probe.mode));
  if (modes.size > 1) return null;
  return modes.has('continuous') ? 'count' : 'time';
}
