import type { Mapping, Mappings } from './mapping.ts';
import { Field, isMembers, Sorter, type Members, type Sort } from './sorter.ts';

/** `other`: nothing that concerns us (an acknowledgement, another channel's news, another symbol). */
export type Message = Sort | 'malformed';

const fieldOf = (path: string | undefined): Field | null => (path === undefined ? null : new Field(path));

/**
 * Reads one message by one mapping. The tick's parts are left in the reader itself, which is used again for the next
 * message: on this path nothing is allocated.
 */
export class Reader {
  /** Which of its mappings: numbers of different sorts of messages are followed apart. */
  readonly index: number;
  /** Exchange time, ms since the epoch. Of a heartbeat: NaN when it says none. */
  timeMs = 0;
  symbol = '';
  /** NaN: the message carries none. Where a tick has one number, both are it. */
  firstSequence = Number.NaN;
  lastSequence = Number.NaN;
  bid = Number.NaN;
  ask = Number.NaN;
  /** Of a heartbeat, the number of its symbol's newest tick; NaN: it says none. */
  latest = Number.NaN;
  /** A heartbeat by itself is proof that nothing is missing. */
  readonly heartbeatProves: boolean;
  private readonly time: Field;
  private readonly toMs: (time: unknown) => number;
  private readonly symbolField: Field | null;
  private readonly first: Field | null;
  private readonly last: Field | null;
  private readonly bidField: Field | null;
  private readonly askField: Field | null;
  private readonly latestField: Field | null;
  private readonly sorter: Sorter;

  constructor(map: Mapping, index = 0) {
    const { sequence, quiet } = map;
    this.index = index;
    this.time = new Field(map.time);
    this.toMs = timeReader(map.unit);
    this.symbolField = fieldOf(map.symbol);
    this.first = typeof sequence === 'object' ? new Field(sequence.first) : null;
    this.last = fieldOf(typeof sequence === 'object' ? sequence.last : sequence);
    this.bidField = fieldOf(map.bid);
    this.askField = fieldOf(map.ask);
    this.latestField = typeof quiet === 'object' ? new Field(quiet.sequence) : null;
    this.heartbeatProves = quiet === 'heartbeat';
    this.sorter = new Sorter(map);
  }

  /** @param frame what the message came in; the message itself when it came alone */
  read(message: unknown, frame: unknown = message): Message {
    if (!isMembers(message) || !isMembers(frame)) return 'malformed';
    const sort = this.sorter.of(message, frame);
    if (sort !== 'tick') {
      if (sort === 'heartbeat') this.readHeartbeat(message, frame);
      return sort;
    }
    const time = this.time.of(message, frame);
    if (time === undefined || time === null) return 'other';
    const timeMs = this.toMs(time);
    if (!Number.isFinite(timeMs)) return 'malformed';
    if (this.symbolField !== null) {
      const symbol = this.symbolField.of(message, frame);
      if (typeof symbol !== 'string') return 'other';
      this.symbol = symbol;
    }
    this.timeMs = timeMs;
    if (this.last !== null) {
      this.lastSequence = toNumber(this.last.of(message, frame));
      this.firstSequence = this.first === null ? this.lastSequence : toNumber(this.first.of(message, frame));
    }
    if (this.bidField !== null && this.askField !== null) {
      this.bid = toNumber(this.bidField.of(message, frame));
      this.ask = toNumber(this.askField.of(message, frame));
    }
    return 'tick';
  }

  private readHeartbeat(message: Members, frame: Members): void {
    const symbol = this.symbolField?.of(message, frame);
    this.symbol = typeof symbol === 'string' ? symbol : '';
    this.timeMs = this.toMs(this.time.of(message, frame));
    this.latest = this.latestField === null ? Number.NaN : toNumber(this.latestField.of(message, frame));
  }
}

/** Everything that a frame may hold, by the first mapping that knows it. */
export class FrameReader {
  readonly readers: readonly Reader[];
  /** Whether any of the mappings tells symbols apart. */
  readonly knowsSymbols: boolean;
  private readonly paths: readonly (readonly string[])[];

  constructor(mappings: Mappings) {
    const list = Array.isArray(mappings) ? mappings : [mappings];
    this.readers = list.map((map, index) => new Reader(map, index));
    this.knowsSymbols = list.some(({ symbol }) => symbol !== undefined);
    this.paths = [...new Set(list.flatMap(({ items }) => items ?? []))].map((path) => path.split('.'));
  }

  /** The messages of a frame: the elements of a list, what stands at `items`, or the frame itself. */
  messages(frame: unknown): readonly unknown[] {
    if (Array.isArray(frame)) return frame;
    for (const path of this.paths) {
      const found: unknown[] = [];
      gather(frame, path, 0, found);
      if (found.length > 0) return found;
    }
    return [frame];
  }

  /** A frame is its own only message. */
  isSingle(frame: unknown): boolean {
    return this.paths.length === 0 && !Array.isArray(frame);
  }
}

/** Follows a path, through every element of the lists on its way. */
function gather(value: unknown, path: readonly string[], depth: number, found: unknown[]): void {
  if (Array.isArray(value)) for (const element of value) gather(element, path, depth, found);
  else if (depth === path.length) {
    if (value !== undefined) found.push(value);
  } else if (isMembers(value)) gather(value[path[depth] ?? ''], path, depth + 1, found);
}

const MS_PER_UNIT = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const;

/** Reads times of a unit: ms since the epoch, NaN when it is no time. */
export function timeReader(unit: Mapping['unit']): (time: unknown) => number {
  if (unit === 'iso') return isoMs;
  const msPerUnit = MS_PER_UNIT[unit];
  return (time) => toNumber(time) * msPerUnit;
}

const LEAST_ISO = '2026-01-01T00:00:00'.length;

/** `Date.parse` cuts the time off at the millisecond; venues write micro- and nanoseconds. */
function isoMs(time: unknown): number {
  if (typeof time !== 'string') return Number.NaN;
  const wholeMs = Date.parse(time);
  if (time[LEAST_ISO] !== '.') return wholeMs;
  let belowMs = 0;
  let weight = 0.1;
  for (let at = LEAST_ISO + 4; at < time.length; at++, weight /= 10) {
    const digit = time.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    belowMs += digit * weight;
  }
  return wholeMs + belowMs;
}

/** Numbers, and numbers that a venue writes as text. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}
