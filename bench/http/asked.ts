import { readFileSync } from 'node:fs';

/** Requests in flight, the same for every contender. */
export const CONCURRENCY = 16;

/** What every contender is to ask. */
export interface Asked {
  readonly url: string;
  /** The authority to trust; null where there is nothing to encrypt. */
  readonly caFile: string | null;
}

/** As the arguments of a contender's process, and back. */
export function toArgs({ url, caFile }: Asked): readonly string[] {
  return caFile === null ? [url] : [url, caFile];
}

export function fromArgs(args: readonly string[]): { readonly url: string; readonly ca: string | undefined } {
  const [url = '', caFile] = args;
  return { url, ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8') };
}
