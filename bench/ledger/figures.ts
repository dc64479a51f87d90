import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compare, type Run, type Finding } from '../figure.ts';
import { startContender } from '../process.ts';

export async function ledgerFigures(run: Run): Promise<readonly Finding[]> {
  mkdirSync(run.folder, { recursive: true });
  using stack = new DisposableStack();
  const own = stack.adopt(mkdtempSync(join(run.folder, 'bench-')), (path) =>
    rmSync(path, { recursive: true, force: true }),
  );
  await using ours = await startContender('pulsedrill', new URL('./pulsedrill.ts', import.meta.url), [own]);
  await using bare = await startContender('bare node:sqlite INSERT', new URL('./bare.ts', import.meta.url), [own]);
  const peer = { id: 'ledger', title: 'ledger, durable appends of 200', contender: bare, goal: null };
  return await compare(ours, [peer], { unit: 'results per second', per: 'wall' }, run);
}
