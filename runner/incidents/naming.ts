import { localDay } from '../../probes/market-data/local-time.ts';

/** `inc-20261124-1` and `#inc-20261124`; the second of a day is `inc-20261124-2` in `#inc-20261124-2`. */
export function nameOf(
  nowMs: number,
  timezone: string,
  taken: readonly string[],
): { readonly id: string; readonly channel: string } {
  const day = localDay(nowMs, timezone).text.replaceAll('-', '');
  let number = 1;
  while (taken.includes(`inc-${day}-${number}`)) number += 1;
  return { id: `inc-${day}-${number}`, channel: number === 1 ? `#inc-${day}` : `#inc-${day}-${number}` };
}
