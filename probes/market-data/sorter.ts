import type { Condition, Mapping, Marker } from './mapping.ts';

export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null;
}

/** A field's path, split once. */
export class Field {
  private readonly first: string;
  /** Null: there are no further steps. */
  private readonly rest: readonly string[] | null;

  constructor(path: string) {
    const [first = '', ...rest] = path.split('.');
    this.first = first;
    this.rest = rest.length === 0 ? null : rest;
  }

  /** Looked for in the message, and then in the frame around it. */
  of(message: Members, frame: Members): unknown {
    const own = this.walk(message);
    return own === undefined && frame !== message ? this.walk(frame) : own;
  }

  private walk(message: Members): unknown {
    let value = message[this.first];
    if (this.rest === null) return value;
    for (const key of this.rest) {
      if (!isMembers(value)) return undefined;
      value = value[key];
    }
    return value;
  }
}

function isOneOf(value: unknown, equals: Condition['equals']): boolean {
  if (equals === undefined) return value !== undefined && value !== null;
  return Array.isArray(equals) ? equals.some((one) => one === value) : equals === value;
}

function conditionsOf(marker: Marker): readonly Condition[] {
  return Array.isArray(marker) ? marker : [marker];
}

export class MarkerTest {
  private readonly conditions: readonly { readonly field: Field; readonly equals: Condition['equals'] }[];

  constructor(marker: Marker) {
    this.conditions = conditionsOf(marker).map(({ field, equals }) => ({ field: new Field(field), equals }));
  }

  marks(message: Members, frame: Members): boolean {
    for (const { field, equals } of this.conditions) if (!isOneOf(field.of(message, frame), equals)) return false;
    return true;
  }
}

/** What a message's markers say of it, before it is looked into: `tick` if it has a time. */
export type Sort = 'tick' | 'heartbeat' | 'rejected' | 'other';

/** Sorts messages by their markers. */
export class Sorter {
  private readonly map: Pick<Mapping, 'heartbeat' | 'rejected' | 'data'>;
  private readonly tests: Readonly<Record<'heartbeat' | 'rejected' | 'data', MarkerTest | null>>;
  /** Where all markers look at one and the same field, its value decides, and ticks mostly have the same. */
  private readonly only: Field | null;
  private lastValue: unknown = null;
  private lastSort: Sort;

  constructor(map: Pick<Mapping, 'heartbeat' | 'rejected' | 'data'>) {
    this.map = map;
    const test = (marker: Marker | undefined) => (marker === undefined ? null : new MarkerTest(marker));
    this.tests = { heartbeat: test(map.heartbeat), rejected: test(map.rejected), data: test(map.data) };
    const markers = [map.heartbeat, map.rejected, map.data].filter((marker) => marker !== undefined);
    const [path, ...others] = new Set(markers.flatMap(conditionsOf).map(({ field }) => field));
    this.only = path === undefined || others.length > 0 ? null : new Field(path);
    this.lastSort = this.byValue(null);
  }

  of(message: Members, frame: Members): Sort {
    if (this.only === null) return this.byTests(message, frame);
    const value = this.only.of(message, frame);
    if (value !== this.lastValue) {
      this.lastValue = value;
      this.lastSort = this.byValue(value);
    }
    return this.lastSort;
  }

  private byValue(value: unknown): Sort {
    const { heartbeat, rejected, data } = this.map;
    const marks = (marker: Marker) => conditionsOf(marker).every(({ equals }) => isOneOf(value, equals));
    if (heartbeat !== undefined && marks(heartbeat)) return 'heartbeat';
    if (rejected !== undefined && marks(rejected)) return 'rejected';
    return data === undefined || marks(data) ? 'tick' : 'other';
  }

  private byTests(message: Members, frame: Members): Sort {
    const { heartbeat, rejected, data } = this.tests;
    if (heartbeat?.marks(message, frame) === true) return 'heartbeat';
    if (rejected?.marks(message, frame) === true) return 'rejected';
    return data?.marks(message, frame) === false ? 'other' : 'tick';
  }
}
