import { performance } from 'node:perf_hooks';
import type { Socket } from 'node:net';
import type { Flow } from './counters.ts';
import type { Random } from '../random.ts';
import { Stage, type Ends, type Outlet, type Toxic } from './stage.ts';

/** The end of the chain: the socket that is written to. */
class Sink implements Outlet {
  full = false;
  onRoom: () => void = () => {};
  readonly #socket: Socket;
  readonly #flow: Flow;
  /** Neither ended nor gone. */
  open = true;

  constructor(socket: Socket, flow: Flow) {
    this.#socket = socket;
    this.#flow = flow;
    const hasRoom = () => {
      this.full = false;
      this.onRoom();
    };
    socket.on('drain', hasRoom);
    // Nobody is left to read: what still comes is thrown away, lest the sender be held back for ever.
    socket.once('close', () => {
      this.open = false;
      hasRoom();
    });
  }

  accept(data: Buffer): void {
    if (!this.open) return;
    this.#flow.sentBytes += data.length;
    if (!this.#socket.write(data)) this.full = true;
  }

  /** No half-close: once what is queued is written, the socket closes altogether, which ends the other direction too. */
  acceptEnd(): void {
    if (!this.open) return;
    this.open = false;
    this.#socket.destroySoon();
  }
}

/**
 * One direction of one connection. Without toxics a chunk goes from read to write with no queue, no clock and no timer
 * in between; with toxics it walks through their stages.
 */
export class Link {
  readonly #source: Socket;
  readonly #sink: Sink;
  readonly #ends: Ends;
  readonly #randomOf: (toxic: string) => Random;
  readonly #stages: Stage[] = [];
  #first: Outlet;
  #ended = false;

  constructor(source: Socket, sink: Socket, flow: Flow, ends: Ends, randomOf: (toxic: string) => Random) {
    this.#source = source;
    this.#ends = ends;
    this.#randomOf = randomOf;
    this.#sink = new Sink(sink, flow);
    this.#first = this.#sink;
    this.#rewire();
    source.on('data', (data: Buffer) => {
      flow.receivedBytes += data.length;
      const first = this.#first;
      first.accept(data, first === this.#sink ? 0 : performance.now());
      if (first.full) source.pause();
    });
    source.once('end', this.#end);
    source.once('close', this.#end);
  }

  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#first.acceptEnd();
  };

  /** Joins the chain: data flows to the right, news of room to the left. */
  #rewire(): void {
    let outlet: Outlet = this.#sink;
    for (const stage of this.#stages.toReversed()) {
      stage.next = outlet;
      outlet.onRoom = stage.run;
      outlet = stage;
    }
    this.#first = outlet;
    outlet.onRoom = () => this.#source.resume();
  }

  /** At the end of the chain, at once; data further on is past it. */
  add(toxic: Toxic): void {
    if (!this.#sink.open) return;
    const before = this.#stages.at(-1);
    const stage = new Stage(toxic, this.#sink, this.#ends, this.#randomOf(toxic.name));
    this.#stages.push(stage);
    this.#rewire();
    before?.restart();
    stage.run();
  }

  update(toxic: Toxic): void {
    this.#stages.find((stage) => stage.name === toxic.name)?.restart(toxic);
  }

  remove(name: string): void {
    const index = this.#stages.findIndex((stage) => stage.name === name);
    const [stage] = this.#stages.splice(index, index < 0 ? 0 : 1);
    if (stage === undefined) return;
    stage.remove();
    this.#rewire();
    this.#stages[index - 1]?.restart();
    // Whoever waited for room in the removed stage waits for its successor now, or need not wait at all.
    if (!this.#first.full) this.#source.resume();
  }

  dispose(): void {
    for (const stage of this.#stages) stage.dispose();
  }
}
