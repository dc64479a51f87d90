/** The first line in which two versions of a page differ, short enough to be read, with the place in it that differs. */

export interface LineDifference {
  /** From 1. */
  readonly line: number;
  readonly expected: string;
  readonly found: string;
}

const LONGEST = 160;
/** How much of what both have is shown before the first character that differs. */
const BEFORE = 60;

export function firstDifference(expected: Uint8Array, found: Uint8Array): LineDifference {
  const [ours, theirs] = [linesOf(expected), linesOf(found)];
  const first = ours.findIndex((line, index) => line !== theirs[index]);
  const index = first < 0 ? ours.length : first;
  const [a, b] = [ours[index], theirs[index]];
  const from = a === undefined || b === undefined ? 0 : beginOf(a, b);
  return { line: index + 1, expected: shown(a, from), found: shown(b, from) };
}

function linesOf(bytes: Uint8Array): readonly string[] {
  return Buffer.from(bytes).toString('utf8').split('\n');
}

/** Lines of a page are paragraphs: where they fit, both are shown whole, else from a little before the difference. */
function beginOf(a: string, b: string): number {
  if (Math.max(a.length, b.length) <= LONGEST) return 0;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  return Math.max(0, same - BEFORE);
}

function shown(line: string | undefined, from: number): string {
  if (line === undefined) return 'nothing';
  const [before, after] = [from > 0 ? '…' : '', line.length > from + LONGEST ? '…' : ''];
  return JSON.stringify(`${before}${line.slice(from, from + LONGEST)}${after}`);
}
