import { performance } from 'node:perf_hooks';
import type { Random } from '../random.ts';
import { NEVER, type Attributes, type Behaviour, type Chunk, type Pipe, type Site, type ToxicKind } from './toxic.ts';
import { noop } from './toxics/noop.ts';

/** A toxic as it stands on a proxy. Replaced as a whole when it changes. */
export interface Toxic {
  readonly name: string;
  readonly type: string;
  /** As it was sent: letters of any case. */
  readonly stream: string;
  readonly direction: 'upstream' | 'downstream';
  /** The share of connections that it touches, 0 to 1. */
  readonly toxicity: number;
  readonly attributes: Attributes;
  readonly kind: ToxicKind;
  /** It goes when this lease is over; null: it stays until somebody removes it. */
  readonly lease: string | null;
}

/** Where data goes next: a stage, or at the end of the chain the socket. */
export interface Outlet {
  /** Holds as much as it wants; whoever feeds it waits for `onRoom`. Feeding it all the same loses nothing. */
  readonly full: boolean;
  onRoom: () => void;
  accept(data: Buffer, atMs: number): void;
  acceptEnd(): void;
}

/** What a stage may do to the connection as a whole. */
export interface Ends {
  /** A toxic closes the connection: counted, then closed like a peer's close. */
  cut(): void;
  reset(): void;
}

/** What a waiting chunk costs beside its bytes. */
const CHUNK_BYTES = 128;
const LONGEST_TIMER_MS = 0x7fff_ffff;

/** One toxic at work on one direction of one connection: the queue, its room, its one timer. */
export class Stage implements Pipe, Outlet {
  full = false;
  onRoom: () => void = () => {};
  next: Outlet;
  readonly #ends: Ends;
  readonly #random: Random;
  readonly #site: Site;
  #toxic: Toxic;
  #behaviour: Behaviour;
  /** Waiting chunks are `#queue[#first…]`. */
  #queue: Chunk[] = [];
  #first = 0;
  #bytes = 0;
  #inputEnded = false;
  /** The close went on: nothing follows it. */
  #closed = false;
  #stepping = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = NEVER;

  constructor(toxic: Toxic, next: Outlet, ends: Ends, random: Random) {
    this.#toxic = toxic;
    this.next = next;
    this.#ends = ends;
    this.#random = random;
    this.#site = { random, memory: new Map() };
    this.#behaviour = this.#draw();
  }

  get name(): string {
    return this.#toxic.name;
  }

  /** Decides, for this connection and direction, whether the toxic acts. */
  #draw(): Behaviour {
    const { kind, attributes, toxicity } = this.#toxic;
    return this.#random() < toxicity ? kind.start(attributes, this.#site) : noop.start({}, this.#site);
  }

  /** Starts over with these settings. What waits stays, and falls under them. */
  restart(toxic: Toxic = this.#toxic): void {
    this.#toxic = toxic;
    this.#behaviour = this.#draw();
    this.run();
  }

  /** Asks the toxic what may move now. */
  readonly run = (): void => {
    // A step can come back here through room that it made itself; the loop in the toxic sees that room anyway.
    if (this.#closed || this.#stepping) return;
    this.#stepping = true;
    const atMs = this.#behaviour.step(this, performance.now());
    this.#stepping = false;
    if (!this.#closed) this.#arm(atMs);
    this.#tellRoom();
  };

  /** A timer that is already set for earlier stays: it asks again then, which is harmless, and most chunks set none. */
  #arm(atMs: number): void {
    if (atMs >= this.#timerAtMs || atMs === NEVER) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(atMs - performance.now())));
    this.#timer = setTimeout(() => {
      this.#timerAtMs = NEVER;
      this.run();
    }, waitMs);
  }

  #tellRoom(): void {
    const { capacityBytes } = this.#toxic.kind;
    if (!this.full || this.#bytes > capacityBytes / 2) return;
    this.full = false;
    this.onRoom();
  }

  // As the outlet of what comes before.

  accept(data: Buffer, atMs: number): void {
    if (this.#closed) return;
    this.#queue.push({ data, atMs });
    this.#bytes += data.length + CHUNK_BYTES;
    if (this.#bytes >= this.#toxic.kind.capacityBytes) this.full = true;
    this.run();
  }

  acceptEnd(): void {
    this.#inputEnded = true;
    this.run();
  }

  // As the toxic's view of it.

  head(): Chunk | undefined {
    return this.next.full ? undefined : this.#queue[this.#first];
  }

  get empty(): boolean {
    return this.#first === this.#queue.length;
  }

  get drained(): boolean {
    return this.#inputEnded && this.empty;
  }

  pass(bytes = Number.POSITIVE_INFINITY): void {
    const chunk = this.#queue[this.#first];
    if (chunk === undefined) return;
    if (bytes < chunk.data.length) {
      const piece = chunk.data.subarray(0, bytes);
      chunk.data = chunk.data.subarray(bytes);
      this.#bytes -= bytes;
      this.next.accept(piece, chunk.atMs);
      return;
    }
    this.#bytes -= chunk.data.length + CHUNK_BYTES;
    this.#first += 1;
    if (this.#first === this.#queue.length) {
      this.#queue.length = 0;
      this.#first = 0;
    } else if (this.#first >= 1024 && this.#first * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    this.next.accept(chunk.data, chunk.atMs);
  }

  drop(): number {
    const bytes = this.#bytes - (this.#queue.length - this.#first) * CHUNK_BYTES;
    this.#queue.length = 0;
    this.#first = 0;
    this.#bytes = 0;
    return bytes;
  }

  end(): void {
    if (this.#closed) return;
    this.#close();
    this.next.acceptEnd();
  }

  cut(): void {
    if (this.#closed) return;
    this.drop();
    this.#ends.cut();
    this.end();
  }

  reset(): void {
    if (this.#closed) return;
    this.drop();
    this.#close();
    this.#ends.reset();
  }

  /** From here on whatever still arrives is thrown away, so that the sender is never held back by a closed stage. */
  #close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (!this.full) return;
    this.full = false;
    this.onRoom();
  }

  // Its end.

  /** The toxic goes: sends on at once, in order, what it held, or closes the connection if it lost something. */
  remove(): void {
    if (this.#closed) return;
    this.#stepping = true;
    this.#toxic.kind.removed(this, this.#site);
    if (this.#toxic.kind.closesOnRemoval) this.cut();
    while (!this.empty) this.pass();
    if (this.#inputEnded) this.end();
    this.dispose();
  }

  /** The connection is gone. */
  dispose(): void {
    this.#close();
    this.drop();
  }
}
