import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare, FULL, type Figure, type Finding, type Limit, type Run } from '../figure.ts';
import { startContender } from '../process.ts';
import { BATCH, BIG_BATCH } from './rows.ts';

/** Results a second, for as long as somebody appends. */
const GOAL = 50_000;
/** What a file has before anything is appended to it, where it is not empty. */
const GROWN = 1_000_000;
const SMALL_GROWN = 20_000;

export async function ledgerFigures(run: Run): Promise<readonly Finding[]> {
  mkdirSync(run.folder, { recursive: true });
  using stack = new DisposableStack();
  const own = stack.adopt(mkdtempSync(join(run.folder, 'bench-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const isFull = run.effort.rounds >= FULL.rounds;
  const grown = isFull ? GROWN : SMALL_GROWN;
  const ours = (size: number, rows: number) =>
    startContender('pulsedrill', new URL('./pulsedrill.ts', import.meta.url), [own, `${size}`, `${rows}`]);
  const bare = (size: number) =>
    startContender('bare node:sqlite INSERT', new URL('./bare.ts', import.meta.url), [own, `${size}`]);
  const found: Finding[] = [];
  for (const [id, size, rows] of [
    ['ledger', BATCH, 0],
    ['ledger-batches', BIG_BATCH, 0],
    ['ledger-grown', BATCH, grown],
    ['ledger-grown-batches', BIG_BATCH, grown],
  ] as const) {
    await using us = await ours(size, rows);
    await using them = await bare(size);
    const where = rows === 0 ? '' : ` to a file of ${rows.toLocaleString('en-US')}`;
    const title = `ledger, durable appends of ${size.toLocaleString('en-US')}${where}`;
    const peer = { id, title, contender: them, goal: null };
    const figures = await compare(us, [peer], { unit: 'results per second', per: 'wall' }, run);
    found.push(...figures, ...figures.map((figure) => heldAgainst(figure, isFull ? GOAL : null)));
  }
  return found;
}

function heldAgainst({ id, title, unit, ours }: Figure, goal: number | null): Limit {
  const value = Math.round(ours.median);
  return {
    id: `${id}-rate`,
    title,
    unit,
    value,
    goal,
    moreIsBetter: true,
    met: goal === null ? null : value >= goal,
    peer: null,
    theirs: null,
    note: `lowest ${Math.round(ours.low).toLocaleString('en-US')}, highest ${Math.round(ours.high).toLocaleString('en-US')}`,
  };
}
