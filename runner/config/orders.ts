/** What of a paper order can be told from the file alone: one that the guard would refuse at every run is never begun. */
import type { ProbeSpec } from '../../probes/kinds.ts';
import { sizeBreaches } from '../../probes/paper-order/limits.ts';
import { strangersOf } from '../../probes/paper-order/proof.ts';
import type { Problem } from '../../probes/problem.ts';
import type { Draft } from './draft.ts';

export function orderProblems({ fields }: Draft<ProbeSpec>, path: string): readonly Problem[] {
  if (fields.kind !== 'paper-order') return [];
  const { order, limits, paper, flatten } = fields;
  const problems: Problem[] = [];
  if (order !== undefined && limits !== undefined) {
    for (const { key, cap, expected, found } of sizeBreaches(order, limits)) {
      problems.push({ path: `${path}.order.${key}`, expected: `${expected} (limits.${cap})`, found });
    }
  }
  const orders = flatten === true ? 2 : 1;
  if (flatten !== undefined && limits !== undefined && limits.maxPerMinute < orders) {
    const expected = `at least ${orders}, the orders of one run${flatten ? ' that flattens' : ''}`;
    problems.push({ path: `${path}.limits.maxPerMinute`, expected, found: String(limits.maxPerMinute) });
  }
  for (const { key, url } of strangersOf(fields)) {
    const expected = `a host of paper.hosts (${paper?.hosts.join(', ')})`;
    problems.push({ path: `${path}.${key}.url`, expected, found: JSON.stringify(url) });
  }
  return problems;
}
