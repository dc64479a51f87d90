/** What is on record of exclusions. An event is never changed: who was wrong withdraws by another one. */
import { z } from 'zod';
import type { Exclusion } from '../slo/exclusion.ts';
import type { LedgerEvent } from './store.ts';

const added = z.object({
  state: z.literal('added'),
  fromMs: z.number(),
  toMs: z.number(),
  services: z.array(z.string()),
  objectives: z.array(z.string()),
  author: z.string(),
  reason: z.string(),
  approver: z.string(),
});

const withdrawn = z.object({ state: z.literal('withdrawn'), author: z.string(), reason: z.string() });

/** In order of their beginning. @param events ascending by time; one whose body does not read is passed over */
export function exclusionsOf(events: readonly LedgerEvent[]): readonly Exclusion[] {
  const found = new Map<string, Exclusion>();
  for (const { kind, subject: id, atMs, body } of events) {
    if (kind !== 'exclusion') continue;
    const first = added.safeParse(body);
    if (first.success && !found.has(id)) {
      const { state: _added, ...rest } = first.data;
      found.set(id, { id, ...rest, createdMs: atMs, withdrawn: null });
    }
    const second = withdrawn.safeParse(body);
    const known = found.get(id);
    if (second.success && known?.withdrawn === null) {
      const { author, reason } = second.data;
      found.set(id, { ...known, withdrawn: { atMs, author, reason } });
    }
  }
  return [...found.values()].toSorted((a, b) => a.fromMs - b.fromMs || (a.id < b.id ? -1 : 1));
}

export function addedEvent({ id, createdMs, withdrawn: _none, ...body }: Exclusion): LedgerEvent {
  return {
    id: `exclusion/${id}/added`,
    atMs: createdMs,
    kind: 'exclusion',
    service: body.services.length === 1 ? (body.services[0] ?? null) : null,
    subject: id,
    body: { state: 'added', ...body },
  };
}

export function withdrawnEvent(id: string, atMs: number, author: string, reason: string): LedgerEvent {
  return {
    id: `exclusion/${id}/withdrawn`,
    atMs,
    kind: 'exclusion',
    service: null,
    subject: id,
    body: { state: 'withdrawn', author, reason },
  };
}
