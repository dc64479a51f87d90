/** What somebody would change in a bundle: one figure, somewhere. */
import { packStep, unpack } from '../../../store/packed.ts';
import { MINUTE } from './filled.ts';

/** One figure of one minute of one line becomes greater, written as the ledger writes it. */
export function oneMore(ndjson: string, line: number, place: number, by: number): string {
  const lines = ndjson.trimEnd().split('\n');
  const at = line % lines.length;
  const [hourMs, split, base64]: readonly [number, string, string] = JSON.parse(lines[at] ?? '');
  const steps = unpack(Buffer.from(base64, 'base64'), hourMs, MINUTE);
  const step = place % steps.length;
  const changed = steps.map((each, index): Uint8Array => {
    const counted = COUNTED[place % COUNTED.length] ?? 'good';
    const more = typeof each[counted] === 'bigint' ? each[counted] + BigInt(by) : each[counted] + by;
    return packStep(Math.round((each.atMs - hourMs) / MINUTE), index === step ? { ...each, [counted]: more } : each);
  });
  lines[at] = JSON.stringify([hourMs, split, Buffer.concat(changed).toString('base64')]);
  return `${lines.join('\n')}\n`;
}

const COUNTED = [
  'good',
  'bad',
  'excluded',
  'faults',
  'goodWeight',
  'badWeight',
  'excludedWeight',
  'faultWeight',
  'squaredWeight',
] as const;

type Leaf = readonly (string | number)[];

export function leavesOf(value: unknown, at: Leaf = []): readonly Leaf[] {
  if (typeof value !== 'object' || value === null) return [at];
  return Object.entries(value).flatMap(([name, item]) => leavesOf(item, [...at, name]));
}

export function altered(value: unknown, [name, ...rest]: Leaf): unknown {
  if (name === undefined) {
    if (typeof value === 'number') return value === 0 ? 1 : value * 1.01;
    if (typeof value === 'string') return `${value}1`;
    return typeof value === 'boolean' ? !value : 7;
  }
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === String(name) ? altered(item, rest) : item));
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([key, item]) => [key, key === name ? altered(item, rest) : item]));
}
