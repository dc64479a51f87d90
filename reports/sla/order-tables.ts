/** Paper orders by venue: what was submitted and executed, and how they were answered. */
import { toFixed, type Rational } from '../../slo/decimal.ts';
import { count, percentOf, shareText } from '../figures.ts';
import { code, table, text } from '../markdown.ts';
import type { Done, VenueOrders } from '../orders.ts';

export function executionTable(venues: readonly VenueOrders[]): string {
  return table(
    [
      { name: 'Venue' },
      { name: 'Orders', align: 'right' },
      { name: 'Executed / submitted quantity' },
      { name: 'Executed / submitted notional' },
      { name: 'By notional', align: 'right' },
      { name: 'By notional and time', align: 'right' },
    ],
    venues.map((venue) => [
      code(venue.venue),
      count(venue.orders),
      [...venue.quantities].map(([symbol, done]) => `${doneText(done, 8)} ${text(symbol)}`.trim()).join(', ') || '–',
      venue.notional === null || venue.quantities.size === 0 ? '–' : doneText(venue.notional, 2),
      ratio(venue.notional),
      ratio(venue.weighted),
    ]),
    'No paper order was sent in the range.',
  );
}

export function answerTable(venues: readonly VenueOrders[]): string {
  return table(
    [
      { name: 'Venue' },
      { name: 'Acknowledged within' },
      { name: 'Never', align: 'right' },
      { name: 'Rejected' },
      { name: 'Refused before' },
      { name: 'Told twice', align: 'right' },
      { name: 'Not flat' },
      { name: 'Left open', align: 'right' },
    ],
    venues.map((venue) => [
      code(venue.venue),
      [...venue.acked].map(([limit, { within, of }]) => `${limitText(limit)}: ${shareText(within, of)}`).join(', ') ||
        '–',
      count(venue.neverAcked),
      counted(venue.rejected),
      counted(venue.refused),
      count(venue.duplicates),
      venue.notFlat === 0 ? '0' : `${count(venue.notFlat)}${largest(venue)}`,
      count(venue.leftOpen),
    ]),
    'No paper order was sent in the range.',
  );
}

function doneText({ executed, submitted }: Done, places: number): string {
  return `${plain(executed, places)} / ${plain(submitted, places)}`;
}

function plain(value: Rational, places: number): string {
  const [whole = '0', fraction = ''] = toFixed(value, places).split('.');
  const rest = places > 2 ? fraction.replace(/0+$/, '') : fraction;
  return rest === '' ? count(BigInt(whole)) : `${count(BigInt(whole))}.${rest}`;
}

function ratio(done: Done | null): string {
  if (done === null || done.submitted.num === 0n) return '–';
  return percentOf(done.executed.num * done.submitted.den, done.submitted.num * done.executed.den);
}

/** `le:400` → "≤ 400 ms". */
function limitText(key: string): string {
  const [sign, ms = ''] = key.split(':');
  return `${sign === 'lt' ? '<' : '≤'} ${ms} ms`;
}

function counted(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, times]) => `${text(name)} ${count(times)}`).join(', ') || '–';
}

function largest({ largestPosition }: VenueOrders): string {
  return largestPosition === null ? '' : `, at most ${largestPosition}`;
}
