import leven from 'leven';

/** Two slips of the finger; more, and a suggestion would be a guess. */
const SLIPS = 2;

/** The known word that a mistyped one was probably meant to be. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const near = [...known]
    .map((candidate) => ({ candidate, slips: leven(candidate, word) }))
    .filter(({ candidate, slips }) => slips <= SLIPS && slips < candidate.length)
    .toSorted((a, b) => a.slips - b.slips);
  return near[0]?.candidate ?? null;
}

/** ` (did you mean "every"?)`, to stand behind what was expected; empty when nothing is near. */
export function didYouMean(word: unknown, known: Iterable<string>): string {
  const near = typeof word === 'string' ? nearest(word, known) : null;
  return near === null ? '' : ` (did you mean ${JSON.stringify(near)}?)`;
}

/** One slip, or two neighbours exchanged: this word and no other was meant, so that more may be concluded from it. */
export function isSlipOf(word: string, meant: string): boolean {
  const slips = leven(meant, word);
  const letters = (text: string): string => text.split('').toSorted().join('');
  return slips <= 1 || (slips === 2 && letters(word) === letters(meant));
}
