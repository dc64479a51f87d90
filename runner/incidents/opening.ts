/** An incident gets its name and its first event; whoever else opens one at the same moment gets another name. */
import { isDeepStrictEqual } from 'node:util';
import { localDay } from '../../probes/market-data/local-time.ts';
import { bodyOf, incidentEvent, type BodyOf, type IncidentEvent } from '../../slo/incidents/event.ts';
import { nameOf } from '../../slo/incidents/naming.ts';
import type { StoreReader } from '../../store/store.ts';

export type Opening = Omit<BodyOf<'opened'>, 'type' | 'channel'>;

export interface OpeningOptions {
  readonly store: Pick<StoreReader, 'events'>;
  /** @returns whether the ledger has it */
  readonly record: (event: IncidentEvent) => Promise<boolean>;
  readonly timezone: string;
  readonly nowMs: number;
  /** Ids that are there already, as far as they are known. */
  readonly taken: ReadonlySet<string>;
}

export async function openIncident(
  { store, record, timezone, nowMs, taken }: OpeningOptions,
  service: string | null,
  body: Opening,
): Promise<IncidentEvent> {
  const names = new Set(taken);
  const date = localDay(nowMs, timezone).text;
  for (;;) {
    const { id, channel } = nameOf(date, body.severity === 'SEV-3', names);
    const event = incidentEvent({ id, service }, nowMs, { type: 'opened', channel, ...body }, '');
    // A ledger that refuses keeps nobody from being told.
    if (!(await record(event))) return event;
    const kept = await store.events({ kind: 'incident', fromMs: nowMs, toMs: nowMs + 1 });
    if (kept.some((each) => each.id === event.id && isDeepStrictEqual(bodyOf(each), bodyOf(event)))) return event;
    names.add(id);
  }
}
