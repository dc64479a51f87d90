import type { JSONValue } from 'json-p3';
import { deadline } from '../deadline.ts';
import { select } from '../jsonpath.ts';
import type { RunContext } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';
import { fieldAt } from './stream.ts';
import type { Venue } from './venue.ts';

export type Flat =
  | { readonly isFlat: true; readonly position: 0 }
  /** `position`: what is held, below zero when sold short; null when the venue does not say. */
  | { readonly isFlat: false; readonly position: number | null; readonly why: string };

const AGAIN_MS = 50;

/** Asks for the position until it is flat, or until the venue has had time enough to show it. */
export async function flatness(
  spec: PaperOrderSpec,
  positions: NonNullable<PaperOrderSpec['positions']>,
  venue: Venue,
  ctx: RunContext,
): Promise<Flat> {
  using limit = deadline(ctx.clock, positions.within, ctx.signal);
  const url = venue.fill(positions.url, {});
  let found: Flat = { isFlat: false, position: null, why: 'the position was not asked for in time' };
  while (!limit.signal.aborted) {
    const { answer, json } = await venue.read(url, limit.signal, positions.within);
    if (answer.failure === null) found = positionIn(json, answer.status ?? 0, spec, positions);
    else if (!limit.signal.aborted) {
      found = { isFlat: false, position: null, why: `the position is not known: ${answer.failure.detail}` };
    }
    if (found.isFlat) return found;
    await ctx.clock.sleep(AGAIN_MS, limit.signal).catch(() => {});
  }
  return found;
}

/** A symbol that is not listed is flat; a list that is not there is no answer. */
function positionIn(
  json: JSONValue | undefined,
  status: number,
  { order: { symbol } }: PaperOrderSpec,
  positions: NonNullable<PaperOrderSpec['positions']>,
): Flat {
  const unknown = (why: string): Flat => ({ isFlat: false, position: null, why: `the position is not known: ${why}` });
  if (status >= 300 || json === undefined) return unknown(`status ${status}`);
  const [listed] = select(positions.path, json);
  if (typeof listed !== 'object' || listed === null) return unknown(`nothing at ${positions.path}`);
  const rows: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  const held = rows
    .filter((row) => fieldAt(row, positions.symbol) === symbol)
    .map((row) => fieldAt(row, positions.quantity));
  const sizes = held.map((size) => (typeof size === 'string' || typeof size === 'number' ? Number(size) : Number.NaN));
  if (sizes.some((size) => !Number.isFinite(size))) return unknown(`no ${positions.quantity} of ${symbol}`);
  const shown = held.filter((_size, index) => sizes[index] !== 0);
  if (shown.length === 0) return { isFlat: true, position: 0 };
  const position = sizes.reduce((sum, size) => sum + size, 0);
  return { isFlat: false, position, why: `a position of ${shown.join(' and ')} ${symbol} remains` };
}
