import { durationText } from '../../probes/duration.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { missText, type Miss } from '../../reports/causes.ts';
import { consumedPercent } from '../../reports/figures.ts';

const consumedOf = (value: unknown): string => (typeof value === 'number' ? consumedPercent(value) : 'unknown');

interface ProbeMove {
  readonly probe: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The moves of a `cadence` event's body. */
function movesOf(event: LedgerEvent): readonly ProbeMove[] {
  const probes = event.body['probes'];
  if (!Array.isArray(probes)) return [];
  return probes.flatMap((move: unknown): readonly ProbeMove[] => {
    if (typeof move !== 'object' || move === null) return [];
    const { probe, fromMs, toMs }: { probe?: unknown; fromMs?: unknown; toMs?: unknown } = move;
    return typeof probe === 'string' && typeof fromMs === 'number' && typeof toMs === 'number'
      ? [{ probe, fromMs, toMs }]
      : [];
  });
}

/** The rows that were missed when all was over, with the reason; null when none was. */
export function missesText(misses: readonly Miss[]): string | null {
  if (misses.length === 0) return null;
  return `missed by the end, as the evidence says: ${misses.map(missText).join('; ')}`;
}

/** One line for somebody watching the demo; null for what it tells in its own words. */
export function eventText(event: LedgerEvent): string | null {
  const { body, subject } = event;
  switch (event.kind) {
    case 'colour': {
      if (body['to'] === 'unknown') {
        return `${subject}: ${String(body['from'])} → UNKNOWN (${typeof body['unknownBecause'] === 'string' ? body['unknownBecause'] : 'nothing was measured'})`;
      }
      const counts = `${String(body['bad'])} bad of ${Number(body['good']) + Number(body['bad'])} events`;
      if (body['from'] === 'unknown' && body['to'] === 'green') return null;
      return `${subject}: ${String(body['from'])} → ${String(body['to']).toUpperCase()} (${consumedOf(body['consumed'])} of its budget consumed, ${counts})`;
    }
    case 'cadence': {
      const moved = movesOf(event)
        .filter((move) => move.fromMs !== move.toMs)
        .map((move) => `${move.probe} every ${durationText(move.fromMs)} → ${durationText(move.toMs)}`);
      return `${subject}: sampling ${String(body['from'])} → ${String(body['to'])}${moved.length > 0 ? `: ${moved.join(', ')}` : ''}`;
    }
    case 'obligation':
      return obligationText(event);
    case 'service-rule':
      return ruleText(event);
    case 'review-item':
      return body['state'] === 'instead' ? `review: ${subject}: ${String(body['why'])}` : null;
    case 'order-swept':
      return `paper order ${subject}: ${String(body['how'])}`;
    default:
      return null;
  }
}

function obligationText({ subject, service, body }: LedgerEvent): string | null {
  const isReview = body['duty'] === 'postmortem';
  switch (body['state']) {
    case 'open':
      return `obligation ${subject}: a ${isReview ? 'postmortem review' : 'game-day'} on ${service ?? ''}, due in ${String(body['days'])} days`;
    case 'met':
      return `obligation ${subject}: met by ${String(body[isReview ? 'record' : 'gameday'])}`;
    default:
      return null;
  }
}

function ruleText({ subject, body }: LedgerEvent): string | null {
  const { state, actions } = body;
  if (state === 'triggered') return `rule ${subject}: ${Array.isArray(actions) ? actions.join('; ') : ''}`;
  return state === 'ended' ? `rule ${subject}: over` : null;
}
