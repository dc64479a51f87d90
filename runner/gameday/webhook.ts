/**
 * What people, or their tools, say of a game-day by a signed request: a mark, or an abort. It is written beside the journal of
 * the game-day that is under way, as `gameday mark` and `abort` write it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../probes/probe.ts';
import { signedHeaders } from '../alerts/signature.ts';
import type { Mask } from './discretion.ts';
import { readConductors } from './lock.ts';
import { ask, type GamedayRequest } from './requests.ts';

export interface WebhookAnswer {
  readonly status: number;
  readonly says: string;
}

export type GamedayReceiver = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: Buffer,
) => Promise<WebhookAnswer>;

export interface WebhookOptions {
  /** Of two, either will do: while one is replaced. */
  readonly secrets: readonly string[];
  /** Where the game-days' folders are. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Takes secrets out of what is said. */
  readonly mask: Mask;
}

/** Beyond this a message is taken for one that somebody has kept to say it again. */
const FRESH_MS = 5 * 60_000;
/** Messages that are remembered, so that one that is sent again is taken once. */
const REMEMBERED = 1_000;

const word = z.string().trim().min(1).max(200);
const bodySchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('mark'),
    what: word,
    by: word,
    note: z.string().max(2_000).nullable().default(null),
    gameday: word.optional(),
  }),
  z.strictObject({ type: z.literal('abort'), by: word, reason: word, gameday: word.optional() }),
]);

export function createGamedayReceiver({ secrets, folder, clock, mask }: WebhookOptions): GamedayReceiver {
  const taken = new Set<string>();
  return async (headers, body) => {
    const header = (name: string): string => [headers[name] ?? ''].flat().join(',');
    const id = header('webhook-id');
    const sentMs = Number(header('webhook-timestamp')) * 1000;
    const isFresh = Math.abs(clock.wallMs() - sentMs) <= FRESH_MS;
    const isOurs = secrets.some((secret) => {
      const expected = signedHeaders(secret, id, sentMs, body.toString('utf8'))['webhook-signature'] ?? '';
      return header('webhook-signature')
        .split(' ')
        .some((given) => isSame(given, expected));
    });
    if (id === '' || !isOurs) return { status: 403, says: 'webhook-signature does not fit' };
    if (!isFresh) return { status: 403, says: 'webhook-timestamp is more than five minutes off' };
    if (taken.has(id)) return { status: 202, says: 'taken before' };
    const said = bodyOf(body);
    if (said === null) {
      return { status: 400, says: 'expected {"type":"mark","what","by","note"?} or {"type":"abort","by","reason"}' };
    }
    const underWay = (await readConductors(folder)).map(({ gameday }) => gameday);
    const gameday = said.gameday ?? (underWay.length === 1 ? underWay[0] : undefined);
    if (gameday === undefined || !underWay.includes(gameday)) {
      const found =
        underWay.length === 0 ? 'none is' : `${underWay.join(', ')} ${underWay.length === 1 ? 'is' : 'are'}`;
      return { status: 409, says: `expected the id of a game-day that is under way: ${found}` };
    }
    await ask(join(folder, gameday), requestOf(said), mask);
    taken.add(id);
    for (const oldest of taken) if (taken.size > REMEMBERED) taken.delete(oldest);
    return { status: 202, says: `${gameday}: taken` };
  };
}

/** Hashed, so that both have one length. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return expected !== '' && timingSafeEqual(digest(given), digest(expected));
}

function bodyOf(body: Buffer): z.output<typeof bodySchema> | null {
  try {
    return bodySchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return null;
  }
}

function requestOf(said: z.output<typeof bodySchema>): GamedayRequest {
  if (said.type === 'abort') return { type: 'abort', by: said.by, reason: said.reason };
  return { type: 'mark', what: said.what, by: said.by, note: said.note, how: 'by webhook' };
}
