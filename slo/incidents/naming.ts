export interface Name {
  readonly id: string;
  readonly channel: string | null;
}

/**
 * `inc-20261124-1` in `#inc-20261124`; the second of a day is `inc-20261124-2` in `#inc-20261124-2`. A ticket is
 * `ticket-20261124-1` and has no channel.
 * @param date of the day, `2026-11-24`, by the clock on the office's wall
 */
export function nameOf(date: string, isTicket: boolean, taken: ReadonlySet<string>): Name {
  const day = `${isTicket ? 'ticket' : 'inc'}-${date.replaceAll('-', '')}`;
  let number = 1;
  while (taken.has(`${day}-${number}`)) number += 1;
  const channel = number === 1 ? `#${day}` : `#${day}-${number}`;
  return { id: `${day}-${number}`, channel: isTicket ? null : channel };
}
