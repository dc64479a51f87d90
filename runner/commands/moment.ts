import { parseDuration } from '../../probes/duration.ts';
import type { Args } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';

/** An ISO time, or a duration before the end ("30d"). @throws CommandError */
export function moment(args: Args, name: string, otherwiseMs: number, endMs: number): number {
  const text = args.text(name);
  if (text === undefined) return otherwiseMs;
  const ago = parseDuration(text);
  const ms = ago === null ? Date.parse(text) : endMs - ago;
  if (Number.isFinite(ms)) return ms;
  throw new CommandError(
    `--${name}: expected a time such as "2026-11-01T00:00:00Z" or a duration such as "30d", got ${JSON.stringify(text)}`,
    EXIT.usage,
  );
}
