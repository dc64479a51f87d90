import { compare, type Run, type Finding } from '../figure.ts';
import { startContender } from '../process.ts';
import { evaluatedFigures } from './evaluated.ts';

export async function sloFigures(run: Run): Promise<readonly Finding[]> {
  await using ours = await startContender('pulsedrill', new URL('./pulsedrill.ts', import.meta.url));
  await using naive = await startContender('all minutes again, floating point', new URL('./naive.ts', import.meta.url));
  const peer = { id: 'slo', title: 'objective over 90 days', contender: naive, goal: null };
  const beside = await compare(ours, [peer], { unit: 'evaluations per second', per: 'wall' }, run);
  return [...beside, ...(await evaluatedFigures(run))];
}
