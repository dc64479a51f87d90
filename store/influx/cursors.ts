import type { Outbox } from '../open.ts';

/**
 * The cursors of one pass over the streams. The next batch need not wait until the ledger has noted the last one: who is
 * killed in between ships that one again, and it overwrites itself. Never more than one note is under way.
 */
export class Cursors implements AsyncDisposable {
  readonly #outbox: Pick<Outbox, 'advance'>;
  readonly #arrived = new Map<string, number>();
  #noting: Promise<void> = Promise.resolve();

  constructor(outbox: Pick<Outbox, 'advance'>) {
    this.#outbox = outbox;
  }

  /** Up to where all has arrived; null: the ledger knows. */
  after(name: string): number | null {
    return this.#arrived.get(name) ?? null;
  }

  /** @throws what the note before this one met */
  async advance(name: string, position: number): Promise<void> {
    await this.#noting;
    this.#arrived.set(name, position);
    this.#noting = this.#outbox.advance(name, position);
    // Whoever waits for it next hears of it; until then it is nobody's unhandled rejection.
    this.#noting.catch(() => undefined);
  }

  /** Resolves once every note is in the ledger. @throws what the last one met */
  kept(): Promise<void> {
    return this.#noting;
  }

  /** A pass that was held leaves no note under way either. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#noting.catch(() => undefined);
  }
}
