/**
 * What people ask of a game-day from another shell: a file beside its journal, to which anybody may append a line and of
 * which the conductor takes notice. A file needs no port, survives whoever wrote it, and is there when the conductor hangs.
 */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../probes/probe.ts';
import type { Mask } from './discretion.ts';

const NAME = 'requests.ndjson';

export { HUMAN_MARKS } from '../../scenarios/step.ts';

const requestSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('abort'), by: z.string(), reason: z.string() }),
  /** `what`: one of the marks above, or a word of one's own, which is noted. */
  z.object({
    type: z.literal('mark'),
    what: z.string(),
    by: z.string(),
    note: z.string().nullable(),
    how: z.string().optional(),
  }),
]);

export type GamedayRequest = z.output<typeof requestSchema>;

/** Durable when it resolves. @param folder of the game-day; @param mask takes out secrets: the conductor may know others */
export async function ask(folder: string, request: GamedayRequest, mask: Mask): Promise<void> {
  const words = Object.entries(request).map(([name, said]) => [name, typeof said === 'string' ? mask(said) : said]);
  const file = await open(join(folder, NAME), 'a');
  try {
    // In one write: lines of several people do not mix.
    await file.appendFile(`${JSON.stringify({ ...Object.fromEntries(words), type: request.type })}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Well below the second within which an abort takes effect. */
const LOOK_MS = 100;

/** Tells of each request once, in order, until the signal aborts. Lines that are none are passed over. */
export async function heedRequests(
  folder: string,
  clock: Clock,
  onRequest: (request: GamedayRequest) => void,
  signal: AbortSignal,
): Promise<void> {
  let heeded = 0;
  while (!signal.aborted) {
    const lines = (await textOf(join(folder, NAME))).split('\n').slice(0, -1);
    for (const line of lines.slice(heeded)) {
      const request = requestOf(line);
      if (request !== null) onRequest(request);
    }
    heeded = lines.length;
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
}

/** Nobody has asked for anything yet, or the disk has trouble: then the conductor hears of that elsewhere. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

function requestOf(line: string): GamedayRequest | null {
  try {
    return requestSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
