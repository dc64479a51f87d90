import { readFile } from 'node:fs/promises';
import { populateBody, readBody } from './body.ts';
import type { ProxySettings } from './registry.ts';
import { ToxiproxyStartError } from './server.ts';

/** Reads a file of proxies: a JSON array, in the form of `POST /populate`. Throws a `ToxiproxyStartError`. */
export async function readConfig(file: string): Promise<readonly ProxySettings[]> {
  const bad = (what: string, cause?: unknown) => new ToxiproxyStartError('bad-config', `${file}: ${what}`, cause);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw bad(missing ? 'no such file' : `cannot be read: ${String(error)}`, error);
  }
  const parsed = readBody(populateBody, text);
  if (!parsed.ok) throw bad(parsed.problem.message.replace('bad request body: ', ''));
  return parsed.value.map(({ name, upstream, ...rest }, index) => {
    if (name === undefined || name === '') throw bad(`[${index}].name: missing`);
    if (upstream === undefined || upstream === '') throw bad(`[${index}].upstream: missing`);
    return { name, upstream, ...rest };
  });
}
