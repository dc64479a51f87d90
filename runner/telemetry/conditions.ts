/** A source that fails for so long that a row is Unknown is a failure of tooling: a ticket, one for each source. */
import type { Condition } from '../alerts/alert.ts';
import type { SourceDocument } from '../config/sources.ts';
import type { Poller } from './poller.ts';

export function sourceConditions(
  { id, stale }: Pick<SourceDocument, 'id' | 'stale'>,
  pollers: readonly Pick<Poller, 'bound' | 'trouble'>[],
  nowMs: number,
): readonly Condition[] {
  const failing = pollers.flatMap(({ bound, trouble }) => {
    const found = trouble();
    return found === null || nowMs - found.sinceMs < stale + bound.stepMs
      ? []
      : [{ ...found, objective: bound.objective }];
  });
  const [first] = failing;
  if (first === undefined) return [];
  const since = new Date(Math.min(...failing.map(({ sinceMs }) => sinceMs))).toISOString();
  const named = failing.map(({ objective }) => objective).join(', ');
  return [
    {
      key: `source/${id}`,
      rule: 'source',
      severity: 'SEV-3',
      as: 'ticket',
      service: null,
      objective: null,
      says: `source ${id}: ${first.reason}, since ${since}; not judged by it: ${named}`,
      lastBadAtMs: null,
    },
  ];
}
