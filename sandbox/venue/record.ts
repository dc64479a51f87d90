import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Order, OrderBody } from './order.ts';
import type { Fill } from './reports.ts';

/** One change of an order. `body`: what was asked for, with the first of its changes. */
export interface Recorded {
  readonly order: Order;
  readonly body: OrderBody | null;
  readonly fill: Fill | null;
}

/** What a venue must still know after a crash. Appended before anybody hears of it; survives a kill of the process. */
export interface Record {
  readonly before: readonly Recorded[];
  append(change: Recorded): void;
}

export function openRecord(path: string | undefined): Record {
  if (path === undefined) return { before: [], append: () => undefined };
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const before = text.split('\n').flatMap((line) => recorded(line) ?? []);
  // A line that a kill tore off must not swallow the next one.
  if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
  return { before, append: (change) => appendFileSync(path, `${JSON.stringify(change)}\n`) };
}

function recorded(line: string): Recorded | null {
  try {
    const value: Recorded | null = line === '' ? null : JSON.parse(line);
    return value;
  } catch {
    return null;
  }
}
