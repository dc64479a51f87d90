/** Holds a bundle against the ledger that it came from: the chain from raw rows, the tallies from raw results. */
import { SEGMENTS, talliesName, type Content } from '../../reports/evidence/content.ts';
import type { Manifest, SegmentLine } from '../../reports/evidence/manifest.ts';
import { differing, plain, type Finding } from '../../reports/evidence/verify.ts';
import { isZero, subtractTallies, EMPTY_TALLY, type Tally } from '../../slo/tally.ts';
import type { Objective } from '../../slo/objective.ts';
import { timeBase } from '../../slo/time-base.ts';
import { nextHead } from '../../store/chain.ts';
import { judge, mergeJudged, type Judged } from '../../store/judge.ts';
import type { LedgerStore } from '../../store/open.ts';
import { unpack } from '../../store/packed.ts';
import type { Result } from '../../store/result.ts';
import type { Segment } from '../../store/store.ts';
import { talliesFrom } from './bundle.ts';

export interface LedgerCheck {
  readonly findings: readonly Finding[];
  readonly checked: readonly string[];
}

type Chain = Pick<LedgerStore, 'segments' | 'chained' | 'identity' | 'results'>;

export async function checkLedger(store: Chain, manifest: Manifest, content: Content): Promise<LedgerCheck> {
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
  const counted = new Counted(manifest);
  const findings: Finding[] = [];
  const expired: SegmentLine[] = [];
  let results = 0;
  for (const line of content.segments) {
    const own = known.get(line.number);
    if (own !== undefined && own.expiredMs !== null) {
      expired.push(line);
      findings.push(...keptFindings(line, own));
      continue;
    }
    const found = await walk(store, line, counted);
    results += found.results;
    findings.push(...found.findings);
  }
  const gone = expired.map(({ firstScheduledMs, lastScheduledMs }) => ({ firstScheduledMs, lastScheduledMs }));
  const compared = counted.compare(content, gone);
  const whole = content.segments.length - expired.length;
  for (const each of compared.differing.slice(0, NAMED_STEPS))
    findings.push(await named(store, each, manifest, counted));
  const more = compared.differing.length - NAMED_STEPS;
  if (more > 0) findings.push(plain('data/tallies', `${more} more minutes differ from the raw results`));
  return {
    findings,
    checked: [
      `${whole} of ${content.segments.length} segments, hashed again from ${results} raw results`,
      `${compared.steps} minutes of tallies, counted again from them${compared.skipped === 0 ? '' : `; ${compared.skipped} were not, because raw results near them have expired`}`,
      ...expired.map((line) => `segment ${line.number} has expired: its hash is chained, and was not computed again`),
    ],
  };
}

/** Of an expired segment the ledger keeps what it hashed to. */
function keptFindings(line: SegmentLine, own: Segment): readonly Finding[] {
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
  counted: Counted,
): Promise<{ readonly results: number; readonly findings: readonly Finding[] }> {
  let [head, next, results] = [line.previous, line.firstSeq, 0];
  let missing: number | null = null;
  for await (const { seq, result, bytes } of store.chained(line)) {
    if (seq !== next) missing ??= next;
    next = seq + 1;
    results += 1;
    head = nextHead(head, Buffer.from(bytes).toString('utf8'));
    counted.add(result);
  }
  if (next !== line.lastSeq + 1) missing ??= next;
  if (missing !== null) {
    return {
      results,
      findings: [plain(SEGMENTS, `segment ${line.number}: expected result ${missing} in the ledger, got none`)],
    };
  }
  if (head === line.head) return { results, findings: [] };
  const figure = `segment ${line.number} head (results ${line.firstSeq} to ${line.lastSeq} of the ledger)`;
  return { results, findings: [differing(SEGMENTS, { objective: '', figure, expected: head, found: line.head })] };
}

const DAY_MS = 86_400_000;
/** Minutes whose runs are looked up and named; and runs that are named of one. */
const NAMED_STEPS = 20;
const NAMED_RUNS = 5;

/** A minute that differs. */
interface Differing {
  readonly file: string;
  readonly objective: string;
  readonly atMs: number;
  readonly split: string;
  readonly counted: Tally;
  readonly claimed: Tally;
}

/** The tallies of a bundle's objectives, from raw results. */
class Counted {
  readonly #manifest: Manifest;
  readonly #stepMs: number;
  readonly #fromMs: ReadonlyMap<string, number>;
  readonly #toMs: number;
  readonly #steps = new Map<string, Map<string, Judged>>();

  constructor(manifest: Manifest) {
    const base = timeBase(manifest.base.scale);
    const { toMs } = manifest.query;
    this.#manifest = manifest;
    this.#stepMs = base.minuteMs;
    this.#fromMs = new Map(manifest.definitions.map((each) => [each.id, talliesFrom(each, base, toMs)]));
    this.#toMs = toMs;
  }

  add(result: Result): void {
    for (const objective of this.#manifest.definitions) {
      const steps = this.#steps.get(objective.id) ?? new Map<string, Judged>();
      this.#steps.set(objective.id, steps);
      for (const judged of this.judged(objective, result)) {
        const key = `${judged.atMs} ${judged.split}`;
        const before = steps.get(key);
        steps.set(key, before === undefined ? judged : mergeJudged(before, judged));
      }
    }
  }

  judged(objective: Objective, result: Result): readonly Judged[] {
    if ((result.recordedMs ?? 0) > this.#manifest.query.asOfMs) return [];
    const fromMs = this.#fromMs.get(objective.id) ?? 0;
    return judge(objective, result, this.#stepMs).filter(({ atMs }) => atMs >= fromMs && atMs < this.#toMs);
  }

  /** @param gone stretches of due times of which raw results have expired */
  compare(
    { tallies }: Content,
    gone: readonly Pick<SegmentLine, 'firstScheduledMs' | 'lastScheduledMs'>[],
  ): { readonly differing: readonly Differing[]; readonly steps: number; readonly skipped: number } {
    const isGone = (atMs: number): boolean =>
      gone.some((each) => atMs >= each.firstScheduledMs - DAY_MS && atMs < each.lastScheduledMs + DAY_MS);
    const found: Differing[] = [];
    let [steps, skipped] = [0, 0];
    for (const [index, { id }] of this.#manifest.definitions.entries()) {
      const claimed = new Map<string, Tally & { readonly atMs: number; readonly split: string }>();
      for (const { steps: packed, atMs, split } of tallies.get(id) ?? []) {
        for (const step of unpack(packed, atMs, this.#stepMs)) claimed.set(`${step.atMs} ${split}`, { ...step, split });
      }
      const own = this.#steps.get(id) ?? new Map<string, Judged>();
      for (const key of new Set([...claimed.keys(), ...own.keys()])) {
        const [said, is] = [claimed.get(key), own.get(key)];
        const { atMs, split } = said ?? is ?? { atMs: 0, split: '' };
        if (isGone(atMs)) {
          skipped += 1;
          continue;
        }
        steps += 1;
        const [counted, other] = [is?.tally ?? EMPTY_TALLY, said ?? EMPTY_TALLY];
        if (isZero(subtractTallies(counted, other))) continue;
        found.push({ file: talliesName(id, index), objective: id, atMs, split, counted, claimed: other });
      }
    }
    return { differing: found, steps, skipped };
  }
}

/** With the runs that the ledger has of that minute. */
async function named(store: Chain, each: Differing, { definitions }: Manifest, counted: Counted): Promise<Finding> {
  const { file, objective, atMs, split, counted: is, claimed } = each;
  const definition = definitions.find(({ id }) => id === objective);
  const runs: string[] = [];
  for await (const result of store.results({ fromMs: atMs - DAY_MS, toMs: atMs + DAY_MS })) {
    const parts = definition === undefined ? [] : counted.judged(definition, result);
    if (parts.some((part) => part.atMs === atMs && part.split === split)) runs.push(result.runId);
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
