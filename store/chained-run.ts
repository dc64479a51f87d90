/** A stored result as it is hashed. Of millions that are walked through, most is looked at by its hash alone. */
import { parsed } from './rows.ts';
import type { Cell, ResultCells } from './rows.ts';
import type { JudgedRun } from './result.ts';

/** Where each stands among what `SELECT_CHAINED` of `chain.ts` selects. */
type Cells = readonly [
  seq: number,
  runId: string,
  probe: string,
  kind: string,
  service: string,
  location: string,
  endpoint: string | null,
  venue: string | null,
  tsNs: string,
  ...stored: ResultCells,
  recordedMs: number,
];

export class ChainedRun implements JudgedRun {
  /** What is hashed of it. */
  readonly cells: Cells;
  #readings: JudgedRun['readings'] | null = null;

  constructor(cells: readonly Cell[]) {
    this.cells = asWritten(cells);
  }

  get seq(): number {
    return this.cells[0];
  }

  get probe(): string {
    return this.cells[2];
  }

  get kind(): string {
    return this.cells[3];
  }

  get location(): string {
    return this.cells[5];
  }

  get endpoint(): string | null {
    return this.cells[6];
  }

  get venue(): string | null {
    return this.cells[7];
  }

  get scheduledMs(): number {
    return this.cells[9];
  }

  get cadence(): JudgedRun['cadence'] {
    return this.cells[13];
  }

  get weightMs(): number {
    return this.cells[14];
  }

  get outcome(): JudgedRun['outcome'] {
    return this.cells[15];
  }

  /** @throws DamagedRow */
  get readings(): JudgedRun['readings'] {
    return (this.#readings ??= parsed<JudgedRun['readings']>(this.cells[24], 'readings'));
  }

  /** @throws DamagedRow */
  get values(): JudgedRun['values'] {
    return parsed(this.cells[25], 'values');
  }

  /** Wall-clock ms; 0: it is not known. */
  get recordedMs(): number {
    return this.cells[29];
  }
}

/** The schema is strict: each column holds what its type says, or the file would not have taken it. */
function asWritten(cells: readonly Cell[]): Cells;
function asWritten(cells: readonly Cell[]): readonly Cell[] {
  return cells;
}
