/** The rules between the parts of a scenario: above all, every fault has its way back. */
import { durationText } from '../probes/duration.ts';

export interface Parts {
  readonly timebox: number;
  readonly hypothesis: readonly { readonly name: string }[];
  readonly abort: readonly { readonly name: string }[];
  readonly success: readonly { readonly name: string }[];
  readonly watch: readonly { readonly id: string }[];
  readonly sources: readonly { readonly name: string }[];
  readonly roles: Readonly<Record<string, unknown>>;
  /** Null while one of them cannot be told: it may inject or lift any fault. */
  readonly steps: readonly Step[] | null;
}

export type PlainStep =
  | { readonly type: 'inject'; readonly id: string }
  | { readonly type: 'lift'; readonly fault: string }
  | { readonly type: 'hold'; readonly ms: number }
  | { readonly type: 'wait'; readonly withinMs: number }
  | { readonly type: 'human'; readonly id: string; readonly who: string };
export type Step = PlainStep | { readonly type: 'parallel'; readonly branches: readonly (readonly PlainStep[])[] };

export interface Contradiction {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  readonly value: unknown;
}

/** A step with its place: `group` and `branch` are null outside of a parallel group. */
interface Placed {
  readonly step: PlainStep;
  readonly path: readonly PropertyKey[];
  readonly group: number | null;
  readonly branch: number | null;
}

export function contradictions(parts: Parts): readonly Contradiction[] {
  const { steps, timebox } = parts;
  if (steps === null) return names(parts);
  const all = placed(steps);
  return [...faults(all), ...people(all, parts), ...lengths(steps, timebox), ...names(parts)];
}

function placed(steps: readonly Step[]): readonly Placed[] {
  return steps.flatMap((step, index): readonly Placed[] => {
    if (step.type !== 'parallel') return [{ step, path: ['steps', index], group: null, branch: null }];
    return step.branches.flatMap((branch, at) =>
      branch.map((each, within) => ({
        step: each,
        path: ['steps', index, 'parallel', at, within],
        group: index,
        branch: at,
      })),
    );
  });
}

function faults(steps: readonly Placed[]): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const injected = new Map<string, Placed>();
  const lifted = new Set<string>();
  for (const place of steps) {
    const { step, path } = place;
    if (step.type === 'inject') {
      if (injected.has(step.id)) {
        found.push({ path: [...path, 'inject', 'id'], expected: 'an id that no other fault has', value: step.id });
      }
      injected.set(step.id, place);
    } else if (step.type === 'lift') {
      const before = injected.get(step.fault);
      if (before === undefined || lifted.has(step.fault)) {
        const expected = 'the id of a fault that was injected before and is not lifted yet';
        found.push({ path: [...path, 'lift', 'fault'], expected, value: step.fault });
      } else if (before.group !== null && before.group === place.group && before.branch !== place.branch) {
        const expected = 'a fault that is injected before the group, or earlier in the same branch';
        found.push({ path: [...path, 'lift', 'fault'], expected, value: step.fault });
      }
      lifted.add(step.fault);
    }
  }
  for (const [id, { path }] of injected) {
    if (lifted.has(id)) continue;
    const expected = `a later step { lift: { fault: ${id} } }, since a fault that is never lifted has no way back`;
    found.push({ path: [...path, 'inject', 'id'], expected, value: id });
  }
  if (injected.size === 0 && !steps.some(({ step }) => step.type === 'human')) {
    found.push({ path: ['steps'], expected: 'at least one inject, or a human step', value: undefined });
  }
  return found;
}

/** Whoever is asked for something is asked by one word, and has a role. */
function people(steps: readonly Placed[], { roles }: Parts): readonly Contradiction[] {
  const known = Object.keys(roles);
  const seen = new Set<string>();
  return steps.flatMap(({ step, path }): readonly Contradiction[] => {
    if (step.type !== 'human') return [];
    const { id, who } = step;
    const again = seen.has(id);
    seen.add(id);
    return [
      ...(again ? [{ path: [...path, 'human', 'id'], expected: 'an id that no other human step has', value: id }] : []),
      ...(known.length === 0 || known.includes(who)
        ? []
        : [{ path: [...path, 'human', 'who'], expected: `one of the roles: ${known.join(', ')}`, value: who }]),
    ];
  });
}

/** What surely takes longer than the timebox would always be aborted. */
function lengths(steps: readonly Step[], timebox: number): readonly Contradiction[] {
  const holdMs = steps.reduce((sum, step) => sum + leastMs(step), 0);
  if (holdMs < timebox) return [];
  const expected = `a timebox longer than its holds together (${durationText(holdMs)})`;
  return [{ path: ['timebox'], expected, value: timebox }];
}

function leastMs(step: Step): number {
  if (step.type === 'hold') return step.ms;
  if (step.type !== 'parallel') return 0;
  return Math.max(...step.branches.map((branch) => branch.reduce((sum, each) => sum + leastMs(each), 0)));
}

function names(parts: Parts): readonly Contradiction[] {
  return [
    ...repeated(parts.watch, (watch) => watch.id, ['watch'], 'id'),
    ...repeated(parts.sources, (source) => source.name, ['sources'], 'name'),
    ...(['hypothesis', 'abort', 'success'] as const).flatMap((key) =>
      repeated(parts[key], (condition) => condition.name, [key], 'name'),
    ),
  ];
}

function repeated<T>(items: readonly T[], name: (item: T) => string, path: readonly PropertyKey[], key: string) {
  const seen = new Set<string>();
  return items.flatMap((item, index): readonly Contradiction[] => {
    const text = name(item);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [{ path: [...path, index, key], expected: `a ${key} of its own`, value: text }];
  });
}
