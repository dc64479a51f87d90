import { readFileSync } from 'node:fs';

/** Requests in flight, the same for every contender. */
export const CONCURRENCY = 16;

/** What every contender is to ask. */
export interface Asked {
  readonly url: string;
  /** One connection for all requests of a lane, or a fresh one for each. */
  readonly keepAlive: boolean;
  /** The authority to trust; null where there is nothing to encrypt. */
  readonly caFile: string | null;
}

export const KEPT = 'kept';
export const FRESH = 'fresh';

/** As the arguments of a contender's process, and back. */
export function toArgs({ url, keepAlive, caFile }: Asked): readonly string[] {
  return [url, keepAlive ? KEPT : FRESH, ...(caFile === null ? [] : [caFile])];
}

interface Given extends Omit<Asked, 'caFile'> {
  readonly ca: string | undefined;
}

export function fromArgs(args: readonly string[]): Given {
  const [url = '', connections, caFile] = args;
  return {
    url,
    keepAlive: connections === KEPT,
    ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
  };
}
