/**
 * Results on their way to the ledger's thread, as the cells that are stored. As objects they would cross with the name of
 * each property: the same for the loop that measures, and three times as much for the thread that appends.
 */
import type { Result } from './result.ts';
import { resultCells } from './rows.ts';
import type { ResultCells } from './rows.ts';

/** A result that crosses. */
export type Crossing = readonly [
  runId: string,
  probe: string,
  kind: string,
  service: string,
  location: string,
  endpoint: string | null,
  venue: string | null,
  ...stored: ResultCells,
];

export function toCrossing(result: Result): Crossing {
  const { runId, probe, kind, service, location, endpoint, venue } = result;
  return [runId, probe, kind, service, location, endpoint, venue, ...resultCells(result)];
}

export function fromCrossing(cells: Crossing): Result {
  return new Arrived(cells);
}

/** The cells of a result as they are stored; of one that came across they are there already. */
export function cellsOf(result: Result): ResultCells {
  return result instanceof Arrived ? result.stored() : resultCells(result);
}

/** As it will be read back from its row. JSON is parsed when somebody asks for it, which most objectives do not. */
class Arrived implements Result {
  readonly #cells: Crossing;
  #readings: Result['readings'] | null = null;
  readonly trail?: NonNullable<Result['trail']>;

  constructor(cells: Crossing) {
    this.#cells = cells;
    const trail = cells[24];
    if (trail !== null) this.trail = JSON.parse(trail);
  }

  stored(): ResultCells {
    const [, , , , , , , ...stored] = this.#cells;
    return stored;
  }

  get runId(): string {
    return this.#cells[0];
  }

  get probe(): string {
    return this.#cells[1];
  }

  get kind(): string {
    return this.#cells[2];
  }

  get service(): string {
    return this.#cells[3];
  }

  get location(): string {
    return this.#cells[4];
  }

  get endpoint(): string | null {
    return this.#cells[5];
  }

  get venue(): string | null {
    return this.#cells[6];
  }

  get scheduledMs(): number {
    return this.#cells[7];
  }

  get startedMs(): number {
    return this.#cells[8];
  }

  get latenessMs(): number {
    return this.#cells[9];
  }

  get durationMs(): number | null {
    return this.#cells[10];
  }

  get cadence(): Result['cadence'] {
    return this.#cells[11];
  }

  get weightMs(): number {
    return this.#cells[12];
  }

  get outcome(): Result['outcome'] {
    return this.#cells[13];
  }

  get reason(): Result['reason'] {
    return this.#cells[14];
  }

  get detail(): string | null {
    return this.#cells[15];
  }

  get phases(): Result['phases'] {
    return {
      dnsMs: this.#cells[16],
      connectMs: this.#cells[17],
      tlsMs: this.#cells[18],
      sentMs: this.#cells[19],
      firstByteMs: this.#cells[20],
      transferMs: this.#cells[21],
    };
  }

  get readings(): Result['readings'] {
    return (this.#readings ??= JSON.parse(this.#cells[22]));
  }

  get values(): Result['values'] {
    return JSON.parse(this.#cells[23]);
  }

  get loopDelayMs(): number | null {
    return this.#cells[25];
  }

  get gameday(): string | null {
    return this.#cells[26];
  }
}
