/** Maintenance: who is not to be told of what, until when, by whose word and why. */
import { z } from 'zod';
import type { Configuration } from '../config/configuration.ts';
import type { LedgerEvent } from '../../store/store.ts';
import type { Alert } from './alert.ts';

export interface Silence {
  readonly id: string;
  /** What is given must be equal; one at least is given. */
  readonly match: {
    readonly service?: string | undefined;
    readonly objective?: string | undefined;
    readonly rule?: string | undefined;
  };
  /** Wall-clock ms, half-open. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly author: string;
  readonly reason: string;
}

const text = z.string().optional();
const added = z.object({
  state: z.literal('added'),
  match: z.object({ service: text, objective: text, rule: text }),
  fromMs: z.number(),
  toMs: z.number(),
  author: z.string(),
  reason: z.string(),
});

/** How the ids of those begin that stand in the configuration. */
export const WRITTEN = 'configuration/';

export function writtenSilences({ silences }: Pick<Configuration, 'silences'>): readonly Silence[] {
  return silences.map(({ match, from, to, author, reason }, index) => ({
    id: `${WRITTEN}${index}`,
    match,
    fromMs: from,
    toMs: to,
    author,
    reason,
  }));
}

/** Those of the ledger; one that was ended early ends then. */
export function silencesOf(events: readonly LedgerEvent[]): readonly Silence[] {
  const found = new Map<string, Silence>();
  for (const { kind, subject: id, atMs, body } of events) {
    if (kind !== 'silence') continue;
    const parsed = added.safeParse(body);
    const known = found.get(id);
    if (parsed.success) {
      const { match, fromMs, toMs, author, reason } = parsed.data;
      found.set(id, { id, match, fromMs, toMs, author, reason });
    } else if (known !== undefined && body['state'] === 'ended') {
      found.set(id, { ...known, toMs: Math.min(known.toMs, atMs) });
    }
  }
  return [...found.values()];
}

export function isActive({ fromMs, toMs }: Silence, nowMs: number): boolean {
  return fromMs <= nowMs && nowMs < toMs;
}

/** The first silence that covers this alert now; null: none does. What the prober says of itself has a rule only. */
export function silenceOf(alert: Alert, silences: readonly Silence[], nowMs: number): Silence | null {
  return silences.find((silence) => isActive(silence, nowMs) && covers(silence, alert)) ?? null;
}

function covers({ match: { service, objective, rule } }: Silence, alert: Alert): boolean {
  if (service === undefined && objective === undefined && rule === undefined) return false;
  return (
    (service === undefined || service === alert.service) &&
    (objective === undefined || objective === alert.objective) &&
    (rule === undefined || rule === alert.rule)
  );
}
