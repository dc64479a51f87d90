/** What a service's colour asks of people, noted once each time that the colour changes. Pure. */
import type { Colour } from '../../slo/objective.ts';
import { CONSEQUENCES, consequencesOf, serviceColour } from '../../slo/policy.ts';
import type { Status } from '../../slo/status.ts';
import type { LedgerEvent } from '../../store/store.ts';

/** The `rule` of such a note's body, beside those of `rules/rule-events.ts`. */
const POLICY = 'error-budget-policy';

/** The colour each service was last noted with, of those that are known. @param before as it was before these events */
export function notedColours(
  events: readonly LedgerEvent[],
  before: ReadonlyMap<string, Colour> = new Map(),
): ReadonlyMap<string, Colour> {
  const found = new Map(before);
  for (const { kind, service, body } of events) {
    if (kind !== 'service-rule' || body['rule'] !== POLICY || service === null) continue;
    const { to } = body;
    if (to === 'green' || to === 'yellow' || to === 'red') found.set(service, to);
  }
  return found;
}

/**
 * Unknown is no colour that anybody acts on: a service that comes back from it as it was has not changed. A service that
 * has always been Green has shown no risk to write tests for.
 */
export function noteEvents(
  service: string,
  statuses: readonly Status[],
  before: Colour | undefined,
  nowMs: number,
): readonly LedgerEvent[] {
  const { colour, because } = serviceColour(statuses);
  if (colour === 'unknown' || colour === before || (colour === 'green' && before === undefined)) return [];
  const { gate, reviews, thin } = consequencesOf(statuses);
  const says = Object.values(CONSEQUENCES).find((each) => each.gate === gate)?.says ?? gate;
  const body = {
    state: 'noted',
    rule: POLICY,
    from: before ?? null,
    to: colour,
    gate,
    says,
    actions: reviews,
    because,
  };
  const id = `policy/${service}/${nowMs}`;
  return [{ id, atMs: nowMs, kind: 'service-rule', service, subject: service, body: { ...body, thin } }];
}
