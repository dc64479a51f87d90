/** What a document says of itself: which one it is, who signed it, what it corrects, and how somebody checks it. */
import { code, list, table, text } from '../markdown.ts';

export interface DocumentInfo {
  readonly number: number;
  /** Fingerprint of the key that signs. */
  readonly key: string;
  readonly restates: Restatement | null;
}

export interface Restatement {
  readonly number: number;
  readonly asOfMs: number;
  readonly rows: readonly RestatedFigure[];
}

export interface RestatedFigure {
  readonly commitment: string;
  readonly figure: string;
  readonly before: string;
  readonly after: string;
  readonly why: string;
}

/** @param titles of commitments, by their ids; an incident has none */
export function restatementSection(
  { restates }: DocumentInfo,
  titles: ReadonlyMap<string, string> = new Map(),
): readonly string[] {
  if (restates === null) return [];
  const { number, asOfMs, rows } = restates;
  return [
    `## What changed since no. ${number}`,
    `This document restates no. ${number} of the same range, which was written as known at ${new Date(asOfMs).toISOString()}. That one can still be verified: it says what was known then.`,
    table(
      ['Commitment', 'Figure', 'Before', 'Now', 'Why'].map((name) => ({ name })),
      rows.map((row, index) => {
        const title = titles.get(row.commitment);
        const above = rows[index - 1];
        const isSame = above?.commitment === row.commitment && above.why === row.why;
        const name = title === undefined ? code(row.commitment) : text(title);
        return [name, text(row.figure), text(row.before), text(row.after), isSame ? 'as above' : text(row.why)];
      }),
      '',
    ),
  ];
}

export function checkSection({ number, key, restates }: DocumentInfo): readonly string[] {
  return [
    '## How to check this',
    list([
      `This is document no. ${number} of its range${restates === null ? '' : `; it restates no. ${restates.number}`}.`,
      `It is part of a bundle whose \`manifest.json\` names the hash of every file and every figure, signed by the Ed25519 key ${code(key)}. Compare this fingerprint with one that reached you another way.`,
      `${code('pulsedrill verify BUNDLE --key evidence-public.pem')} computes every figure again from the minute tallies in the bundle, draws these pages again, and says what differs. With ${code('--ledger')} it goes down to the raw results.`,
    ]),
  ];
}
