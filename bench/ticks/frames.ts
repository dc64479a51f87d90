/** A block of ready WebSocket frames, one tick each, of which only numbers and times change from use to use. */
const SYMBOLS = ['BTCUSD', 'ETHUSD', 'SOLUSD', 'XRPUSD', 'ADAUSD', 'LTCUSD', 'DOTUSD', 'BCHUSD'] as const;
/** Every number has its full width from the start, so that rewriting its digits never moves a byte. */
const FIRST_SEQUENCE = 1_000_000_000;
const SEQUENCE_DIGITS = 10;
const TIME_DIGITS = 16;
const TEXT_FRAME = 0x81;
const LENGTH_IN_TWO_BYTES = 126;

interface Place {
  readonly sequenceAt: number;
  readonly timeAt: number;
  readonly symbol: number;
}

export class Frames {
  readonly bytes: Buffer;
  private readonly places: readonly Place[];
  private readonly sequences = new Float64Array(SYMBOLS.length).fill(FIRST_SEQUENCE);

  /** @param ticks how many frames make up the block */
  constructor(ticks: number) {
    const places: Place[] = [];
    const frames: Buffer[] = [];
    let from = 0;
    for (let tick = 0; tick < ticks; tick += 1) {
      const symbol = tick % SYMBOLS.length;
      const text = message(symbol, tick);
      const frame = framed(text);
      const at = (field: string) => from + frame.indexOf(`"${field}":`) + field.length + 3;
      places.push({ sequenceAt: at('seq'), timeAt: at('timestamp'), symbol });
      frames.push(frame);
      from += frame.length;
    }
    this.places = places;
    this.bytes = Buffer.concat(frames);
  }

  /** Stamps the whole block with one time and each symbol's next numbers. Whoever holds an earlier block must have sent it. */
  next(timeUs: number): Buffer {
    for (const { sequenceAt, timeAt, symbol } of this.places) {
      const sequence = (this.sequences[symbol] ?? 0) + 1;
      this.sequences[symbol] = sequence;
      this.write(sequence, sequenceAt, SEQUENCE_DIGITS);
      this.write(timeUs, timeAt, TIME_DIGITS);
    }
    return this.bytes;
  }

  private write(value: number, at: number, digits: number): void {
    let left = value;
    for (let place = at + digits - 1; place >= at; place -= 1) {
      const rest = Math.floor(left / 10);
      this.bytes[place] = 48 + (left - rest * 10);
      left = rest;
    }
  }
}

function message(symbol: number, tick: number): string {
  const price = 50_000 / (symbol + 1) + (tick % 97) / 10;
  return JSON.stringify({
    type: 'tick',
    event_id: `e-${String(tick).padStart(8, '0')}`,
    schema_version: 1,
    symbol: SYMBOLS[symbol],
    seq: FIRST_SEQUENCE,
    timestamp: 10 ** (TIME_DIGITS - 1),
    bid_price: Number(price.toFixed(2)),
    ask_price: Number((price + 0.5).toFixed(2)),
    last_price: Number((price + 0.25).toFixed(2)),
    volume: Number((0.1 + (tick % 13) / 100).toFixed(3)),
  });
}

/** One unmasked text frame (RFC 6455, section 5.2); every message here needs the two-byte length. */
function framed(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < LENGTH_IN_TWO_BYTES || payload.length > 0xffff) throw new RangeError('not a two-byte length');
  const head = Buffer.from([TEXT_FRAME, LENGTH_IN_TWO_BYTES, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}
