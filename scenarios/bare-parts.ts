/** What the rules between a scenario's parts look at, read from a document in which anything may be wrong. */
import { parseDuration } from '../probes/duration.ts';
import type { Parts, PlainStep, Step } from './way-back.ts';

/** An hour and a half. */
export const DEFAULT_TIMEBOX_MS = 5_400_000;

export function bareParts(document: unknown): Parts {
  const steps = list(document, 'steps').map(stepOf);
  const known = steps.filter((step) => step !== null);
  return {
    // Unreadable, it is as long as need be.
    timebox:
      at(document, 'timebox') === undefined ? DEFAULT_TIMEBOX_MS : (parseDuration(at(document, 'timebox')) ?? Infinity),
    hypothesis: named(document, 'hypothesis', 'name').map((name) => ({ name })),
    abort: named(document, 'abort', 'name').map((name) => ({ name })),
    success: named(document, 'success', 'name').map((name) => ({ name })),
    watch: named(document, 'watch', 'id').map((id) => ({ id })),
    sources: named(document, 'sources', 'name').map((name) => ({ name })),
    roles: rolesOf(at(document, 'roles')),
    steps: steps.length > 0 && known.length === steps.length ? known : null,
  };
}

const VERBS = ['inject', 'lift', 'hold', 'wait', 'human', 'parallel'];

function stepOf(step: unknown): Step | null {
  if (VERBS.filter((verb) => at(step, verb) !== undefined).length !== 1) return null;
  const parallel = at(step, 'parallel');
  if (parallel === undefined) return plainOf(step);
  const branches = Array.isArray(parallel) ? parallel.map(branchOf) : [];
  const known = branches.filter((branch) => branch !== null);
  return branches.length > 0 && known.length === branches.length ? { type: 'parallel', branches: known } : null;
}

function branchOf(branch: unknown): readonly PlainStep[] | null {
  const steps = Array.isArray(branch) ? branch.map(plainOf) : [];
  const known = steps.filter((step) => step !== null);
  return known.length === steps.length ? known : null;
}

function plainOf(step: unknown): PlainStep | null {
  const inject = at(at(step, 'inject'), 'id');
  if (typeof inject === 'string') return { type: 'inject', id: inject };
  const fault = at(at(step, 'lift'), 'fault');
  if (typeof fault === 'string') return { type: 'lift', fault };
  const human = at(step, 'human');
  const [id, who] = [at(human, 'id'), at(human, 'who')];
  if (typeof id === 'string' && typeof who === 'string') return { type: 'human', id, who };
  if (at(step, 'hold') !== undefined) return { type: 'hold', ms: parseDuration(at(at(step, 'hold'), 'for')) ?? 0 };
  return at(step, 'wait') === undefined ? null : { type: 'wait', withinMs: 0 };
}

function rolesOf(roles: unknown): Readonly<Record<string, unknown>> {
  return typeof roles === 'object' && roles !== null ? { ...roles } : {};
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

function list(value: unknown, key: string): readonly unknown[] {
  const found = at(value, key);
  return Array.isArray(found) ? found : [];
}

/** An item without a name keeps its place under one that no other has. */
function named(document: unknown, key: string, name: string): readonly string[] {
  return list(document, key).map((item, index) => {
    const text = at(item, name);
    return typeof text === 'string' ? text : `${key} ${index}`;
  });
}
