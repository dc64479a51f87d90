/** Reading what-if numbers that somebody typed: every problem is found at once, with its path. */
import { fromNumber, parseDecimal, type Rational } from './decimal.ts';

export interface Problem {
  /** `input.samples[2].count`. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}

export function problemText({ path, expected, found }: Problem): string {
  return `${path}: expected ${expected}, got ${found}`;
}

/** A value as an error message shows it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** An object under reading. A field that is wrong is noted and reads as a harmless stand-in, so that reading goes on. */
export class Reader {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #problems: Problem[];
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string, problems: Problem[]) {
    this.#path = path;
    // What is no object at all is one problem, not one a field.
    this.#problems = isRecord(value) ? problems : [];
    if (!isRecord(value)) problems.push({ path, expected: 'an object', found: shown(value) });
    this.#value = isRecord(value) ? value : {};
  }

  has(name: string): boolean {
    return this.#value[name] !== undefined && this.#value[name] !== null;
  }

  /** A target or quantile: a decimal string strictly between 0 and 1. */
  share(name: string): Rational {
    const value = this.#take(name);
    const parsed = typeof value === 'string' ? parseDecimal(value) : null;
    if (parsed !== null && parsed.num > 0n && parsed.num < parsed.den) return parsed;
    return this.#fail(name, 'a decimal string between 0 and 1 such as "0.999"', { num: 1n, den: 2n });
  }

  /** How many: a whole number ≥ 0. */
  count(name: string): bigint {
    const value = this.#take(name);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
    return this.#fail(name, 'a whole number of 0 or more', 0n);
  }

  /** A finite number, or a decimal string. */
  amount(name: string, above: 'zero or more' | 'above zero'): Rational {
    const parsed = amountOf(this.#take(name));
    if (parsed !== null && (above === 'zero or more' || parsed.num > 0n)) return parsed;
    return this.#fail(name, above === 'above zero' ? 'a number above 0' : 'a number of 0 or more', {
      num: 1n,
      den: 1n,
    });
  }

  /** Like `amount`, for durations: null stays null. */
  amountOrNull(name: string): Rational | null {
    if (this.#value[name] === null) {
      this.#read.add(name);
      return null;
    }
    return this.amount(name, 'zero or more');
  }

  list<Item>(name: string, atLeast: number, read: (item: unknown, path: string) => Item): readonly Item[] {
    const value = this.#take(name);
    if (Array.isArray(value) && value.length >= atLeast) {
      return value.map((item: unknown, index) => read(item, `${this.#path}.${name}[${index}]`));
    }
    return this.#fail(name, atLeast > 0 ? 'a list that is not empty' : 'a list', []);
  }

  /** An object that may be null or left out. */
  objectOrNull(name: string): Reader | null {
    const value = this.#take(name);
    return value === null || value === undefined ? null : this.object(value, `${this.#path}.${name}`);
  }

  object(value: unknown, path: string): Reader {
    return new Reader(value, path, this.#problems);
  }

  /** A rule between fields. */
  require(holds: boolean, name: string, expected: string): void {
    if (!holds) this.#fail(name, expected, null);
  }

  /** Notes every key that nothing has read. */
  finish(): void {
    const known = [...this.#read].join(', ');
    for (const key of Object.keys(this.#value)) {
      if (this.#read.has(key)) continue;
      this.#problems.push({ path: `${this.#path}.${key}`, expected: `one of ${known}`, found: 'an unknown key' });
    }
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.#value[name];
  }

  #fail<Value>(name: string, expected: string, standIn: Value): Value {
    const path = `${this.#path}.${name}`;
    this.#problems.push({ path, expected, found: shown(this.#value[name]) });
    return standIn;
  }
}

/** One element of a list of plain counts. */
export function readCount(value: unknown, path: string, problems: Problem[]): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  problems.push({ path, expected: 'a whole number of 0 or more', found: shown(value) });
  return 0n;
}

function amountOf(value: unknown): Rational | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? fromNumber(value) : null;
  return typeof value === 'string' ? parseDecimal(value) : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
