/** What people have said, for the steps that wait for them. */
import type { HumanStep } from '../../scenarios/step.ts';
import type { EvidenceLog } from './evidence-log.ts';

export interface Said {
  readonly word: string;
  readonly by: string;
  readonly note: string | null;
  readonly how?: string | undefined;
  readonly atMs: number;
}

export class Answers {
  readonly #said: Said[] = [];
  readonly #open: HumanStep[] = [];
  readonly #log: EvidenceLog;

  constructor(log: EvidenceLog) {
    this.#log = log;
  }

  /** Steps that wait for somebody, the one that was asked first in front. */
  get open(): readonly HumanStep[] {
    return this.#open;
  }

  say(said: Said): void {
    this.#said.push(said);
    this.#log.nudge();
  }

  /** Is this a word that a step waits for? */
  isAskedFor(word: string): boolean {
    return this.#open.some((step) => confirms(step, word));
  }

  /** Waits for somebody to say that a step is done. Null: nobody did in time, or the signal aborted. */
  async wait(step: HumanStep, sinceMs: number, signal: AbortSignal): Promise<Said | null> {
    this.#open.push(step);
    try {
      const look = (): Said | null =>
        this.#said.find((said) => said.atMs >= sinceMs && confirms(step, said.word)) ?? null;
      const waited = await this.#log.until(look, step.withinMs, signal);
      return waited.state === 'met' ? waited.value : null;
    } finally {
      this.#open.splice(this.#open.indexOf(step), 1);
    }
  }
}

/** By the step's own word, or by the mark that it sets. */
function confirms({ id, mark }: HumanStep, word: string): boolean {
  return word === id || (mark !== null && word === mark);
}
