import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare, type Figure, type Finding, type Run } from '../figure.ts';
import { startContender } from '../process.ts';
import { BATCH, BIG_BATCH } from './rows.ts';

export async function ledgerFigures(run: Run): Promise<readonly Finding[]> {
  mkdirSync(run.folder, { recursive: true });
  using stack = new DisposableStack();
  const own = stack.adopt(mkdtempSync(join(run.folder, 'bench-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  const ours = (size: number) =>
    startContender('pulsedrill', new URL('./pulsedrill.ts', import.meta.url), [own, `${size}`]);
  const bare = (size: number) =>
    startContender('bare node:sqlite INSERT', new URL('./bare.ts', import.meta.url), [own, `${size}`]);
  const figures: Figure[] = [];
  for (const [id, size] of [
    ['ledger', BATCH],
    ['ledger-batches', BIG_BATCH],
  ] as const) {
    await using us = await ours(size);
    await using them = await bare(size);
    const title = `ledger, durable appends of ${size.toLocaleString('en-US')}`;
    const peer = { id, title, contender: them, goal: null };
    figures.push(...(await compare(us, [peer], { unit: 'results per second', per: 'wall' }, run)));
  }
  return figures;
}
