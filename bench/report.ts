import { availableParallelism, cpus, totalmem } from 'node:os';
import { table } from '../runner/table.ts';
import type { Spread } from './arithmetic.ts';
import type { Effort, Figure, Finding, Limit } from './figure.ts';

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

export function machine(): Machine {
  const model = cpus()[0]?.model.trim() ?? '';
  return {
    cores: availableParallelism(),
    cpu: model === '' ? 'unknown' : model,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  };
}

export interface Report {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly effort: Effort;
  readonly figures: readonly Finding[];
}

export function reportText(report: Report): string {
  const { machine, effort, figures } = report;
  const rows = figures.map((found) => {
    if ('skipped' in found) return [found.title, '', '', found.peer, '', 'skipped', ''];
    return 'value' in found ? limitRow(found) : figureRow(found);
  });
  const head = [
    { head: 'what' },
    { head: 'unit' },
    { head: 'ours', right: true },
    { head: 'peer' },
    { head: 'theirs', right: true },
    { head: 'ratio (lowest … highest)', right: true },
    { head: 'goal', right: true },
  ];
  const notes = figures.flatMap((found) =>
    'value' in found && found.note !== null ? [`${found.title}, ${found.unit}: ${found.note}`] : [],
  );
  const skipped = new Set(figures.flatMap((found) => ('skipped' in found ? [`skipped: ${found.skipped}`] : [])));
  return [
    `${report.startedAt}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}`,
    `medians of ${effort.rounds} alternating rounds of ${effort.roundMs} ms`,
    '',
    table(head, rows),
    ...notes,
    ...skipped,
  ].join('\n');
}

function figureRow({ title, unit, ours, peer, theirs, ratio, goal, met }: Figure): string[] {
  return [title, unit, rateText(ours), peer, rateText(theirs), ratioText(ratio), goalText(`${goal}`, met)];
}

function limitRow({ title, unit, value, peer, theirs, goal, met, moreIsBetter }: Limit): string[] {
  const beside = theirs === null ? '' : limitText(theirs);
  return [
    title,
    unit,
    limitText(value),
    peer ?? '',
    beside,
    '',
    goalText(`${moreIsBetter ? '≥' : '≤'} ${goal?.toLocaleString('en-US')}`, met),
  ];
}

function goalText(goal: string, met: boolean | null): string {
  return met === null ? '' : `${goal} ${met ? 'met' : 'MISSED'}`;
}

function limitText(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(3);
}

function rateText({ median }: Spread): string {
  return Math.round(median).toLocaleString('en-US');
}

function ratioText({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)})`;
}
