/** Holds a bundle against the ledger that it came from: the chain from raw rows, the tallies from raw results. */
import { SEGMENTS, type Content } from '../../reports/evidence/content.ts';
import type { Manifest, SegmentLine } from '../../reports/evidence/manifest.ts';
import { differing, plain, type Finding } from '../../reports/evidence/verify.ts';
import type { Tally } from '../../slo/tally.ts';
import { nextHead } from '../../store/chain.ts';
import type { LedgerStore } from '../../store/open.ts';
import { DamagedRow } from '../../store/rows.ts';
import type { Segment } from '../../store/store.ts';
import { CountedMinutes, DAY_MS, type Differing } from './counted-minutes.ts';

export interface LedgerCheck {
  readonly findings: readonly Finding[];
  readonly checked: readonly string[];
}

/** The part of a bundle that a ledger can say something of. */
export type Claimed = Pick<Content, 'segments' | 'tallies'>;

type Chain = Pick<LedgerStore, 'segments' | 'links' | 'chained' | 'identity' | 'results'>;

export async function checkLedger(store: Chain, manifest: Manifest, content: Claimed): Promise<LedgerCheck> {
  const { ledger } = manifest.query;
  if (store.identity !== ledger) {
    return {
      findings: [
        differing('manifest.json', { objective: '', figure: 'ledger', expected: store.identity, found: ledger }),
      ],
      checked: [],
    };
  }
  const known = new Map((await store.segments()).map((segment) => [segment.number, segment]));
  const isExpired = ({ number }: SegmentLine): boolean => (known.get(number)?.expiredMs ?? null) !== null;
  const expired = content.segments.filter(isExpired);
  const there = content.segments.filter((line) => !isExpired(line));
  const counted = new CountedMinutes(manifest, content, expired);
  const findings = expired.flatMap((line) => keptFindings(line, known.get(line.number)));
  const reaches = reachesOf(there);
  let results = 0;
  for (const [index, line] of there.entries()) {
    counted.settle((reaches[index] ?? -Infinity) - DAY_MS);
    const found = await walk(store, line, counted).catch((error: unknown) => inItsWords(store, line, error));
    results += found.results;
    findings.push(...found.findings);
  }
  counted.settle(Infinity);
  const { named: first, differing: wrong, steps, skipped } = counted.compared();
  for (const each of first) findings.push(await named(store, each, counted));
  const more = wrong - first.length;
  if (more > 0) findings.push(plain('data/tallies', `${more} more minutes differ from the raw results`));
  return {
    findings,
    checked: [
      `${there.length} of ${content.segments.length} segments, hashed again from ${results} raw results`,
      `${steps} minutes of tallies, counted again from them${skipped === 0 ? '' : `; ${skipped} were not, because raw results near them have expired`}`,
      ...expired.map((line) => `segment ${line.number} has expired: its hash is chained, and was not computed again`),
    ],
  };
}

/** For each segment the earliest time at which a result of it or of a later one was due. */
function reachesOf(lines: readonly SegmentLine[]): readonly number[] {
  const reaches: number[] = [];
  let earliestMs = Infinity;
  for (const { firstScheduledMs } of lines.toReversed()) {
    earliestMs = Math.min(earliestMs, firstScheduledMs);
    reaches.push(earliestMs);
  }
  return reaches.toReversed();
}

/** Of an expired segment the ledger keeps what it hashed to. */
function keptFindings(line: SegmentLine, own: Segment | undefined): readonly Finding[] {
  if (own === undefined) return [];
  return (['previous', 'head', 'firstSeq', 'lastSeq'] as const).flatMap((name) =>
    own[name] === line[name]
      ? []
      : [
          differing(SEGMENTS, {
            objective: '',
            figure: `segment ${line.number} ${name}`,
            expected: String(own[name]),
            found: String(line[name]),
          }),
        ],
  );
}

async function walk(
  store: Chain,
  line: SegmentLine,
  counted: CountedMinutes,
): Promise<{ readonly results: number; readonly findings: readonly Finding[] }> {
  let [head, next, results] = [line.previous, line.firstSeq, 0];
  let missing: number | null = null;
  for await (const page of store.links(line)) {
    for (const run of page) {
      const { seq } = run;
      if (seq !== next) missing ??= next;
      next = seq + 1;
      results += 1;
      head = nextHead(head, run);
      counted.add(run);
    }
  }
  if (next !== line.lastSeq + 1) missing ??= next;
  if (missing !== null) {
    return {
      results,
      findings: [plain(SEGMENTS, `segment ${line.number}: expected result ${missing} in the ledger, got none`)],
    };
  }
  if (head === line.head) return { results, findings: [] };
  await readWhole(store, line);
  const figure = `segment ${line.number} head (results ${line.firstSeq} to ${line.lastSeq} of the ledger)`;
  return { results, findings: [differing(SEGMENTS, { objective: '', figure, expected: head, found: line.head })] };
}

/** A row that makes no sense: the ledger knows what is left of it, and what mends it. */
async function inItsWords(store: Chain, line: SegmentLine, error: unknown): Promise<never> {
  if (error instanceof DamagedRow) await readWhole(store, line);
  throw error;
}

/** Every cell of every result, of which the walk parses only what it needs. @throws LedgerError where one makes no sense */
async function readWhole(store: Chain, line: SegmentLine): Promise<number> {
  let lastSeq = 0;
  for await (const { seq } of store.chained(line)) lastSeq = seq;
  return lastSeq;
}

/** Runs that are named of a minute. */
const NAMED_RUNS = 5;

/** With the runs that the ledger has of that minute. */
async function named(store: Chain, each: Differing, counted: CountedMinutes): Promise<Finding> {
  const { file, objective, atMs, split, counted: is, claimed } = each;
  const runs: string[] = [];
  for await (const result of store.results({ fromMs: atMs - DAY_MS, toMs: atMs + DAY_MS })) {
    if (counted.isIn(each, result)) runs.push(result.runId);
    if (runs.length > NAMED_RUNS) break;
  }
  const shown = runs.slice(0, NAMED_RUNS).join(', ') || 'no run';
  const figure = `the minute ${new Date(atMs).toISOString()}${split === '' ? '' : ` of ${split}`}`;
  const by = `by the raw results of ${shown}${runs.length > NAMED_RUNS ? ' and others' : ''}`;
  return differing(file, { objective, figure, expected: `${tallyText(is)} ${by}`, found: tallyText(claimed) });
}

function tallyText({ good, bad, excluded, faults, goodWeight, badWeight, squaredWeight }: Tally): string {
  const counts = `${good} good, ${bad} bad, ${excluded} excluded, ${faults} faults`;
  return `${counts} (weights ${goodWeight}, ${badWeight}, ${squaredWeight})`;
}
