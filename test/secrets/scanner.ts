/** Finds secrets in whatever a program may have written: what is packed is unpacked, what is escaped or encoded is known. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, inflateSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { formsOf } from '../../probes/browser/redaction.ts';

/** What a message that was cut leaves of a secret must be shorter. */
const LEAST = 14;
const DEEPEST = 4;

/** Name of an environment variable → its value. */
export type Secrets = Readonly<Record<string, string>>;

/** Which secrets a text holds, whole or in part, as they are or as something may have written them. */
export function leaks(text: string, secrets: Secrets): readonly string[] {
  return Object.entries(secrets).flatMap(([name, value]) => {
    const found = wanted(value).find((form) => text.includes(form));
    if (found === undefined) return [];
    const at = text.indexOf(found);
    return [`${name} as ${found}: ${text.slice(Math.max(0, at - 120), at + 80)}`];
  });
}

function wanted(value: string): readonly string[] {
  // Of a key in PEM any line that says something; its first and last say what it is.
  if (value.includes('-----BEGIN')) return value.split('\n').filter((line) => line.length > 40);
  return [...formsOf(value), value.slice(0, LEAST), value.slice(-LEAST)];
}

/** Which of them a text holds whole, in any form. */
export function holds(text: string, value: string): boolean {
  return formsOf(value).some((form) => text.includes(form));
}

/** Everything in a folder, by name, with what is packed taken apart. */
export function contents(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    for (const [name, text] of texts(path.slice(folder.length + 1), readFileSync(path))) found.set(name, text);
    if (readFileSync(path).subarray(0, 15).toString() === 'SQLite format 3') found.set(`${path}!rows`, rowsOf(path));
  }
  return found;
}

/** Of one file: its bytes, and whatever can be unpacked from them. */
export function texts(name: string, bytes: Buffer, depth = 0): readonly (readonly [string, string])[] {
  const inner = depth < DEEPEST ? unpacked(bytes) : [];
  return [
    [name, bytes.toString('latin1')],
    ...inner.flatMap(([part, content]) => texts(`${name}!${part}`, content, depth + 1)),
  ];
}

function unpacked(bytes: Buffer): readonly (readonly [string, Buffer])[] {
  const magic = bytes.subarray(0, 4).toString('latin1');
  if (magic.startsWith('PK\u0003\u0004'))
    return Object.entries(unzipSync(bytes)).map(([name, content]) => [name, Buffer.from(content)]);
  if (magic.startsWith('\u001F\u008B')) return [['gunzipped', gunzipSync(bytes)]];
  return magic === '%PDF' ? pdfParts(bytes) : [];
}

/** The streams of a PDF, and the text that is drawn in it by the numbers of glyphs. */
function pdfParts(bytes: Buffer): readonly (readonly [string, Buffer])[] {
  const text = bytes.toString('latin1');
  const streams: Buffer[] = [];
  for (const found of text.matchAll(/stream\r?\n/g)) {
    // "endstream" ends in the same word.
    if (text.slice(found.index - 3, found.index) === 'end') continue;
    const from = found.index + found[0].length;
    const part = bytes.subarray(from, text.indexOf('endstream', from));
    try {
      streams.push(inflateSync(part));
    } catch {
      streams.push(part);
    }
  }
  const inflated = streams.map((each) => each.toString('latin1'));
  const drawn = inflated.map((each) => [...each.matchAll(/<([0-9A-Fa-f]+)>/g)].map(([, hex]) => hex ?? '').join(''));
  // Which font draws a string stands elsewhere: each string is read by the table of every font.
  const read = inflated
    .filter((each) => each.includes('begincmap'))
    .map((cmap) => glyphsOf(cmap))
    .map((glyphs) =>
      drawn.map((hex) => hex.replaceAll(/.{4}/g, (code) => glyphs.get(code.toLowerCase()) ?? '')).join('\n'),
    );
  return [...streams.map((each, n) => [`stream ${n}`, each] as const), ['drawn', Buffer.from(read.join('\n'))]];
}

/** A ToUnicode table: number of a glyph → what it says. */
function glyphsOf(cmap: string): ReadonlyMap<string, string> {
  const glyphs = new Map<string, string>();
  const say = (code: number, unicode: number): unknown =>
    glyphs.set(code.toString(16).padStart(4, '0'), String.fromCodePoint(unicode));
  for (const [, block = ''] of cmap.matchAll(/beginbfchar([^]*?)endbfchar/g))
    for (const [, code = '', to = ''] of block.matchAll(/<(\w+)>\s*<(\w{4})/g))
      say(Number.parseInt(code, 16), Number.parseInt(to, 16));
  for (const [, block = ''] of cmap.matchAll(/beginbfrange([^]*?)endbfrange/g))
    for (const [, from = '', to = '', start = ''] of block.matchAll(/<(\w+)>\s*<(\w+)>\s*<(\w{4})>/g))
      for (let n = Number.parseInt(from, 16); n <= Number.parseInt(to, 16); n += 1)
        say(n, Number.parseInt(start, 16) + n - Number.parseInt(from, 16));
  return glyphs;
}

/** Rows as SQLite reads them: a long one lies in pieces on several pages. */
function rowsOf(path: string): string {
  using db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const cell = (value: unknown): string =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
  return tables
    .flatMap(({ name }) => {
      const rows = db.prepare(`SELECT * FROM "${String(name)}"`);
      rows.setReadBigInts(true);
      return rows.all().map((row) => Object.values(row).map(cell).join('\t'));
    })
    .join('\n');
}
