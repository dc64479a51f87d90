import type { JSONValue } from 'json-p3';
import type { Answer } from '../http/exchange.ts';

export interface Asked {
  readonly answer: Answer;
  /** Undefined when the body is no JSON. */
  readonly json: JSONValue | undefined;
}

/** Of a venue, what a proof is had over: who asks in this way can send no order. */
export interface Questions {
  read(address: string, signal: AbortSignal, ms: number | null): Promise<Asked>;
  /** Connections that were made after an earlier one to the same origin was lost. */
  readonly reconnects: number;
  /** The next question there would have to be asked over another connection than the last. */
  wouldReconnect(address: string): boolean;
}
