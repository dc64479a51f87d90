/** Servers that answer as no healthy source does, and a source whose answers a test writes down. */
import { createServer, type RequestListener } from 'node:http';
import type { BoundQuery } from '../../../runner/config/configuration.ts';
import type { Answer, Samples, StepSpan, TelemetrySource } from '../../../runner/telemetry/source.ts';

export interface Server extends AsyncDisposable {
  readonly url: string;
}

export async function serve(listener: RequestListener): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const MINUTE = 60_000;

/** Of the minutes from `fromMs` on. `null`: no sample. */
export function samples(fromMs: number, values: readonly (string | null)[], split = ''): Samples {
  const points = values.flatMap((text, index): [number, string][] =>
    text === null ? [] : [[fromMs + index * MINUTE, text]],
  );
  return new Map([[split, new Map(points)]]);
}

export interface Scripted extends TelemetrySource {
  readonly asked: { readonly query: string; readonly span: StepSpan }[];
  answer: (query: string, span: StepSpan) => Answer;
}

export function scripted(answer: Scripted['answer']): Scripted {
  const source: Scripted = {
    id: 'prom',
    asked: [],
    answer,
    ask(query, span) {
      source.asked.push({ query, span });
      return Promise.resolve(source.answer(query, span));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return source;
}

export function bound(part: Partial<BoundQuery> = {}): BoundQuery {
  return {
    objective: 'slo-strategy-jobs',
    service: 'strategy-runtime',
    split: null,
    stepMs: MINUTE,
    windowMs: 7 * 86_400_000,
    ask: { good: 'good', valid: 'valid' },
    ...part,
  };
}
