/** What-if: the policy's arithmetic on numbers that somebody typed, in the form of the policy's known answers. */
import { Reader, shown, type Problem } from './calc-input.ts';
import { CALCULATIONS } from './calc-kinds.ts';

/** Percentages and rates rounded to 10 decimals, intervals to 8; see docs for the keys of each kind. */
export type Figures = Readonly<Record<string, unknown>>;

export type Calculated =
  | { readonly ok: true; readonly value: Figures }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export const CALC_KINDS: readonly string[] = [...CALCULATIONS.keys()];

/** Computes one item. Bad input is a list of problems, never a throw. */
export function calc(item: { readonly kind: unknown; readonly input: unknown }): Calculated {
  const { kind, input } = item;
  const calculate = typeof kind === 'string' ? CALCULATIONS.get(kind) : undefined;
  if (calculate === undefined) {
    const problem = { path: 'kind', expected: `one of ${CALC_KINDS.join(', ')}`, found: shown(kind) };
    return { ok: false, problems: [problem] };
  }
  const problems: Problem[] = [];
  const compute = calculate(new Reader(input, 'input', problems), problems);
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: compute() };
}
