import type { Mapping, Marker } from './spec.ts';

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

/** A field's path, split once. */
class Field {
  private readonly first: string;
  private readonly rest: readonly string[];

  constructor(path: string) {
    const [first = '', ...rest] = path.split('.');
    this.first = first;
    this.rest = rest;
  }

  of(message: Members): unknown {
    let value = message[this.first];
    for (const key of this.rest) {
      if (!isMembers(value)) return undefined;
      value = value[key];
    }
    return value;
  }
}

class MarkerTest {
  private readonly field: Field;
  private readonly equals: Marker['equals'];

  constructor(marker: Marker) {
    this.field = new Field(marker.field);
    this.equals = marker.equals;
  }

  marks(message: Members): boolean {
    const value = this.field.of(message);
    return this.equals === undefined ? value !== undefined : value === this.equals;
  }
}

const MS_PER_UNIT = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const;

/** `other`: nothing that concerns us (an acknowledgement, another channel's news, another symbol). */
export type Message = 'tick' | 'heartbeat' | 'rejected' | 'other' | 'malformed';

/**
 * Reads one parsed message by the mapping. The tick's parts are left in the reader itself, which is used again for the
 * next message: on this path nothing is allocated.
 */
export class Reader {
  /** Exchange time, ms since the epoch. */
  timeMs = 0;
  symbol = '';
  /** NaN: the message carries none. */
  sequence = Number.NaN;
  private readonly time: Field;
  private readonly msPerUnit: number | null;
  private readonly symbolField: Field | null;
  private readonly sequenceField: Field | null;
  private readonly heartbeat: MarkerTest | null;
  private readonly rejected: MarkerTest | null;
  private readonly data: MarkerTest | null;
  private readonly symbols: ReadonlySet<string> | null;

  constructor(map: Mapping, symbols: readonly string[] | undefined) {
    this.time = new Field(map.time);
    this.msPerUnit = map.unit === 'iso' ? null : MS_PER_UNIT[map.unit];
    this.symbolField = map.symbol === undefined ? null : new Field(map.symbol);
    this.sequenceField = map.sequence === undefined ? null : new Field(map.sequence);
    this.heartbeat = map.heartbeat === undefined ? null : new MarkerTest(map.heartbeat);
    this.rejected = map.rejected === undefined ? null : new MarkerTest(map.rejected);
    this.data = map.data === undefined ? null : new MarkerTest(map.data);
    this.symbols = symbols === undefined ? null : new Set(symbols);
  }

  read(message: unknown): Message {
    if (!isMembers(message)) return 'malformed';
    if (this.heartbeat?.marks(message) === true) return 'heartbeat';
    if (this.rejected?.marks(message) === true) return 'rejected';
    if (this.data?.marks(message) === false) return 'other';
    const time = this.time.of(message);
    if (time === undefined || time === null) return 'other';
    const timeMs = this.toMs(time);
    if (!Number.isFinite(timeMs)) return 'malformed';
    if (this.symbolField !== null) {
      const symbol = this.symbolField.of(message);
      if (typeof symbol !== 'string') return 'other';
      if (this.symbols !== null && !this.symbols.has(symbol)) return 'other';
      this.symbol = symbol;
    }
    this.timeMs = timeMs;
    this.sequence = this.sequenceField === null ? Number.NaN : toNumber(this.sequenceField.of(message));
    return 'tick';
  }

  private toMs(time: unknown): number {
    if (this.msPerUnit === null) return typeof time === 'string' ? Date.parse(time) : Number.NaN;
    return toNumber(time) * this.msPerUnit;
  }
}

/** Numbers, and numbers that a venue writes as text. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}
