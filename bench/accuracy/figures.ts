/** How far the probes' figures are from the truth, and whether they know when they are too far from it. */
import { turns } from '../arithmetic.ts';
import { EXPORTER, findExporter, INSTALL } from '../exporter.ts';
import type { Finding, Limit, Run } from '../figure.ts';
import { startProber, type Prober } from '../process.ts';
import { startBlackbox } from './blackbox.ts';
import { keepBusy } from './busy.ts';
import { countsOf, offOf, sizesOf, type Counts, type Off } from './errors.ts';
import { COMPILER_HINT, findCompiler, startTruth, type TruthServer } from './truth.ts';

/** The strictest there is by default: of a probe that is judged by 40 ms or less. */
const TOLERANCE_MS = 2;
/** Stretches of each prober, in turns. */
const STRETCHES = 2;
const DELAYS = { seed: 1, leastMs: 0.5, mostMs: 3.5 } as const;

interface Condition {
  readonly id: string;
  readonly title: string;
  readonly perSecond: number;
  readonly isBusy: boolean;
  readonly goals: { readonly median: number; readonly p99: number } | null;
}

const CONDITIONS: readonly Condition[] = [
  { id: 'idle', title: 'accuracy at 20 runs/s', perSecond: 20, isBusy: false, goals: null },
  { id: 'rate', title: 'accuracy at 200 runs/s', perSecond: 200, isBusy: false, goals: { median: 0.1, p99: 1 } },
  { id: 'busy', title: 'accuracy at 200 runs/s, all cores busy', perSecond: 200, isBusy: true, goals: null },
];

export async function accuracyFigures(run: Run): Promise<readonly Finding[]> {
  const compiler = findCompiler();
  if (compiler === null) {
    return [{ id: 'accuracy', title: 'accuracy of http probes', peer: EXPORTER, skipped: COMPILER_HINT }];
  }
  const exporter = findExporter();
  await using truth = await startTruth(compiler, DELAYS);
  const findings: Finding[] = [];
  for (const condition of CONDITIONS) findings.push(...(await limitsOf(condition, truth, exporter, run)));
  if (exporter !== null) return findings;
  return [...findings, { id: 'accuracy-blackbox', title: 'accuracy beside', peer: EXPORTER, skipped: INSTALL }];
}

async function limitsOf(
  { id, title, perSecond, isBusy, goals }: Condition,
  truth: TruthServer,
  program: string | null,
  { effort, signal }: Run,
): Promise<readonly Limit[]> {
  await using stack = new AsyncDisposableStack();
  const args = [truth.url, String(perSecond), String(TOLERANCE_MS)];
  const ours = stack.use(await startProber('pulsedrill', new URL('./pulsedrill.ts', import.meta.url), args));
  const exporter = program === null ? null : stack.use(await startBlackbox(program, truth.url, perSecond));
  const everybody = exporter === null ? [ours] : [ours, exporter];
  if (isBusy) stack.use(keepBusy());

  for (const prober of turns(everybody, effort.warmUps)) {
    signal.throwIfAborted();
    await prober.measure(effort.warmUpMs);
  }
  const runs = new Map(everybody.map((prober): [Prober, Off[]] => [prober, []]));
  for (const prober of turns(everybody, STRETCHES)) {
    signal.throwIfAborted();
    truth.forget();
    for (const measured of await prober.measure((effort.roundMs * effort.rounds) / STRETCHES)) {
      runs.get(prober)?.push(offOf(measured, (await truth.truthOf(measured.bytes)).ms));
    }
  }

  const of = (prober: Prober | null): readonly Off[] | null => (prober === null ? null : (runs.get(prober) ?? []));
  const mine = of(ours) ?? [];
  const theirs = of(exporter);
  const limit = (
    name: string,
    unit: string,
    value: number,
    beside: number | undefined,
    goal: number | null,
  ): Limit => ({
    id: `accuracy-${id}-${name}`,
    title,
    unit,
    value,
    goal,
    met: goal === null ? null : value <= goal,
    peer: beside === undefined ? null : EXPORTER,
    theirs: beside ?? null,
    note: null,
  });
  const sized = (['firstByteMs', 'latencyMs'] as const).flatMap((figure) => {
    const [name, said] = figure === 'firstByteMs' ? ['first-byte', 'first byte'] : ['latency', 'latency'];
    const own = sizesOf(mine.map((off) => off[figure]));
    const other = theirs === null ? undefined : sizesOf(theirs.map((off) => off[figure]));
    // The server cannot know what a connection took, which is part of every latency: it has no goal.
    const goal = figure === 'firstByteMs' ? goals : null;
    return [
      limit(`${name}-median`, `${said}, median error, ms`, own.median, other?.median, goal?.median ?? null),
      limit(`${name}-p99`, `${said}, p99 error, ms`, own.p99, other?.p99, goal?.p99 ?? null),
    ];
  });
  const own = countsOf(mine, TOLERANCE_MS);
  const other = theirs === null ? null : countsOf(theirs, TOLERANCE_MS);
  const unflagged = limit(
    'unflagged',
    `runs off by more than ${TOLERANCE_MS} ms, unflagged`,
    own.unflagged,
    other?.unflagged,
    0,
  );
  return [...sized, { ...unflagged, note: noteOf(own, other) }];
}

function noteOf(own: Counts, other: Counts | null): string {
  const { runs, off, flagged, spared } = own;
  const beside = other === null ? '' : `; ${EXPORTER}: ${other.runs} runs, ${other.off} off`;
  return `${runs} runs, ${off} off, ${flagged} flagged, ${spared} of these not off${beside}`;
}
