import type { Mapping, Marker } from '../market-data/mapping.ts';
import { timeReader } from '../market-data/reader.ts';
import { Field, MarkerTest } from '../market-data/sorter.ts';
import { keyOf, type SignalSpec } from './spec.ts';

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const optional = (path: string | undefined): Field | null => (path === undefined ? null : new Field(path));

/** Reads one kind of message: its key, its own time, and the time of the tick that it is or names. */
class Part {
  readonly marker: MarkerTest;
  private readonly key: Field;
  private readonly symbol: Field | null;
  private readonly time: Field | null;
  private readonly tickTime: Field | null;
  private readonly toMs: (time: unknown) => number;

  constructor(
    data: Marker,
    unit: Mapping['unit'],
    key: string,
    symbol: string | undefined,
    time: Field | null,
    tickTime: Field | null,
  ) {
    this.marker = new MarkerTest(data);
    this.toMs = timeReader(unit);
    this.key = new Field(key);
    this.symbol = optional(symbol);
    this.time = time;
    this.tickTime = tickTime;
  }

  /** Null: it names none. A key may be unique only together with its symbol. */
  keyOf(message: Members): string | null {
    const key = this.key.of(message, message);
    if (typeof key !== 'string' && typeof key !== 'number') return null;
    const symbol = this.symbol?.of(message, message);
    return typeof symbol === 'string' ? `${symbol}\n${key}` : String(key);
  }

  /** NaN: it says none. */
  timeOf(message: Members): number {
    return this.time === null ? Number.NaN : this.toMs(this.time.of(message, message));
  }

  tickTimeOf(message: Members): number {
    return this.tickTime === null ? Number.NaN : this.toMs(this.tickTime.of(message, message));
  }
}

export interface SignalReader {
  readonly tick: Part;
  readonly signal: Part;
  readonly rejected: MarkerTest;
}

export function signalReader({ ticks, signals, rejected }: SignalSpec): SignalReader {
  const by = keyOf(ticks, signals.tick) ?? 'time';
  const time = new Field(ticks.time);
  // An id names a tick of whatever symbol.
  const [tickSymbol, signalSymbol] = by === 'id' ? [undefined, undefined] : [ticks.symbol, signals.symbol];
  return {
    tick: new Part(ticks.data, ticks.unit, ticks[by] ?? ticks.time, tickSymbol, time, time),
    signal: new Part(
      signals.data,
      signals.unit,
      signals.tick[by] ?? '',
      signalSymbol,
      optional(signals.time),
      optional(signals.tick.time),
    ),
    rejected: new MarkerTest(rejected),
  };
}

/** The messages of a frame that can be read at all. */
export function messagesOf(frame: unknown): readonly Members[] | null {
  if (Array.isArray(frame)) return frame.every(isMembers) ? frame : null;
  return isMembers(frame) ? [frame] : null;
}
