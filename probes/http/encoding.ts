import zlib from 'node:zlib';
import { bad, type Verdict } from '../network.ts';

type Inflate = (
  raw: Buffer,
  options: { maxOutputLength: number },
  done: (error: Error | null, body: Buffer) => void,
) => void;

const INFLATE: Readonly<Record<string, Inflate>> = {
  gzip: zlib.gunzip,
  'x-gzip': zlib.gunzip,
  // Meant by the standard with a zlib header; some peers send it without.
  deflate: (raw, options, done) => ((raw[0] ?? 0) % 16 === 8 ? zlib.inflate : zlib.inflateRaw)(raw, options, done),
  br: zlib.brotliDecompress,
  // Node has it from 22.15 on.
  ...(typeof zlib.zstdDecompress === 'function' ? { zstd: zlib.zstdDecompress } : {}),
};

/** What this Node can read, as a request says it. */
export const ACCEPTED = ['gzip', 'deflate', 'br', 'zstd'].filter((name) => INFLATE[name] !== undefined).join(', ');

/** Peers name one; more than two, one inside another, is nobody's honest answer. */
const MOST_ENCODINGS = 2;

const NONE: readonly string[] = [];

/** The encodings of a body, outermost first; empty when it is as it is. */
export function encodingsOf(header: string | readonly string[] | undefined): readonly string[] {
  if (header === undefined) return NONE;
  const names = (typeof header === 'string' ? header : header.join(',')).split(',');
  return names
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity')
    .toReversed();
}

/** @param most bytes of the body when it is inflated: a bomb ends there, and takes no more memory than that. */
export async function inflated(raw: Buffer, encodings: readonly string[], most: number): Promise<Buffer | Verdict> {
  if (encodings.length > MOST_ENCODINGS) {
    return bad('protocol', `expected at most ${MOST_ENCODINGS} content encodings, got ${encodings.length}`);
  }
  let body = raw;
  for (const name of encodings) {
    const inflate = INFLATE[name];
    if (inflate === undefined) return bad('protocol', `expected an encoding of ${ACCEPTED}, got ${name}`);
    const next = await once(inflate, body, most);
    if (next instanceof Error) return problem(name, next, most);
    body = next;
  }
  return body;
}

/** In Node's pool of threads: the event loop is free meanwhile. */
function once(inflate: Inflate, raw: Buffer, most: number): Promise<Buffer | Error> {
  return new Promise((resolve) => {
    inflate(raw, { maxOutputLength: most }, (error, body) => resolve(error ?? body));
  });
}

function problem(name: string, error: Error, most: number): Verdict {
  if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') {
    return bad('body-too-large', `expected a body of at most ${most} bytes, got more when inflated`);
  }
  return bad('protocol', `expected a body in ${name}, got one that cannot be inflated: ${error.message}`);
}
