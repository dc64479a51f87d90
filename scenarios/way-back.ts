/** The rules between the parts of a scenario: above all, every fault has its way back. */
import { durationText } from '../probes/spec.ts';

export interface Parts {
  readonly timebox: number;
  readonly hypothesis: readonly { readonly name: string }[];
  readonly abort: readonly { readonly name: string }[];
  readonly watch: readonly { readonly id: string }[];
  /** Null while one of them cannot be told: it may inject or lift any fault. */
  readonly steps: readonly Step[] | null;
}

export type Step =
  | { readonly type: 'inject'; readonly id: string }
  | { readonly type: 'lift'; readonly fault: string }
  | { readonly type: 'hold'; readonly ms: number }
  | { readonly type: 'wait'; readonly withinMs: number };

export interface Contradiction {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  readonly value: unknown;
}

export function contradictions(parts: Parts): readonly Contradiction[] {
  const { steps, timebox } = parts;
  return [...(steps === null ? [] : [...faults(steps), ...lengths(steps, timebox)]), ...names(parts)];
}

function faults(steps: readonly Step[]): readonly Contradiction[] {
  const found: Contradiction[] = [];
  const injected = new Map<string, number>();
  const lifted = new Set<string>();
  for (const [index, step] of steps.entries()) {
    if (step.type === 'inject') {
      if (injected.has(step.id)) {
        found.push({
          path: ['steps', index, 'inject', 'id'],
          expected: 'an id that no other fault has',
          value: step.id,
        });
      }
      injected.set(step.id, index);
    } else if (step.type === 'lift') {
      if (!injected.has(step.fault) || lifted.has(step.fault)) {
        const expected = 'the id of a fault that was injected before and is not lifted yet';
        found.push({ path: ['steps', index, 'lift', 'fault'], expected, value: step.fault });
      }
      lifted.add(step.fault);
    }
  }
  for (const [id, index] of injected) {
    if (lifted.has(id)) continue;
    const expected = `a later step { lift: { fault: ${id} } }, since a fault that is never lifted has no way back`;
    found.push({ path: ['steps', index, 'inject', 'id'], expected, value: id });
  }
  if (injected.size === 0) found.push({ path: ['steps'], expected: 'at least one inject', value: undefined });
  return found;
}

/** What surely takes longer than the timebox would always be aborted. */
function lengths(steps: readonly Step[], timebox: number): readonly Contradiction[] {
  const holdMs = steps.reduce((sum, step) => sum + (step.type === 'hold' ? step.ms : 0), 0);
  if (holdMs < timebox) return [];
  const expected = `a timebox longer than its holds together (${durationText(holdMs)})`;
  return [{ path: ['timebox'], expected, value: timebox }];
}

function names(parts: Parts): readonly Contradiction[] {
  return [
    ...repeated(parts.watch, (watch) => watch.id, ['watch'], 'id'),
    ...repeated(parts.hypothesis, (condition) => condition.name, ['hypothesis'], 'name'),
    ...repeated(parts.abort, (condition) => condition.name, ['abort'], 'name'),
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
