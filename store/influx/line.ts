/** One point of the line protocol. Own code, because the client's builder takes most of the time of a backlog's export. */

/** InfluxDB refuses string fields beyond 64 KiB: 16,000 units of UTF-16 are at most 48,000 bytes. */
const LONGEST_TEXT = 16_000;

export class Line {
  readonly #head: string;
  #fields = '';

  /** @param head of {@link headOf} */
  constructor(head: string) {
    this.#head = head;
  }

  /** For people and queries: cut when it is too long, line feeds as spaces. */
  text(name: string, value: string | null): void {
    if (value === null) return;
    const flat = /[\r\n]/.test(value) ? value.replaceAll(/[\r\n]+/g, ' ') : value;
    this.#put(name, quoted(flat.length > LONGEST_TEXT ? `${cut(flat, LONGEST_TEXT)}… (cut)` : flat));
  }

  /** To the last character: what is too long for one field goes on in `name_2`, `name_3`, … Never with a line feed. */
  whole(name: string, value: string): void {
    for (let part = 1, rest = value; part === 1 || rest !== ''; part += 1) {
      const own = cut(rest, LONGEST_TEXT);
      this.#put(part === 1 ? name : `${name}_${part}`, quoted(own));
      rest = rest.slice(own.length);
    }
  }

  /** What is no integer is absent: one such field would have the whole line refused. */
  integer(name: string, value: number | bigint): void {
    if (typeof value === 'bigint' || Number.isSafeInteger(value)) this.#put(name, `${value}i`);
  }

  /** Unmeasured is absent, never 0. The shortest digits that read back as the same double. */
  float(name: string, value: number | null): void {
    if (value !== null && Number.isFinite(value)) this.#put(name, String(value));
  }

  /** @returns null where there is nothing to tell */
  end(tsNs: bigint): string | null {
    return this.#fields === '' ? null : `${this.#head} ${this.#fields} ${tsNs}`;
  }

  #put(name: string, text: string): void {
    this.#fields = this.#fields === '' ? `${name}=${text}` : `${this.#fields},${name}=${text}`;
  }
}

/** Measurement and tags, which repeat from point to point. Absent tags are left out; @param named ascending by name */
export function headOf(measurement: string, named: Readonly<Record<string, string | null>>): string {
  let head = measurement;
  for (const [name, value] of Object.entries(named)) {
    if (value !== null && value !== '') head += `,${name}=${escaped(tagOf(value))}`;
  }
  return head;
}

/**
 * A tag can neither end in a backslash nor hold a control character: a tilde is put behind the one, a picture stands for
 * the other. No two values become the same tag, but for those that have such pictures in them.
 */
export function tagOf(value: string): string {
  const closed = /\\~*$/.test(value) ? `${value}~` : value;
  // oxlint-disable-next-line no-control-regex -- those are meant
  return closed.replaceAll(/[\u0000-\u001f]/g, (control) => String.fromCharCode(0x24_00 + control.charCodeAt(0)));
}

/** Whether a tag says exactly this. */
export function isExactTag(value: string): boolean {
  return value !== '' && tagOf(value) === value;
}

function escaped(tag: string): string {
  return /[ ,=]/.test(tag) ? tag.replaceAll(/[ ,=]/g, String.raw`\$&`) : tag;
}

function quoted(text: string): string {
  const slashed = text.includes('\\') ? text.replaceAll('\\', '\\\\') : text;
  return `"${slashed.replaceAll('"', '\\"')}"`;
}

/** At most so many units, and no half of a pair. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd8_00 && last <= 0xdb_ff ? most - 1 : most);
}
