/** `ledger check`, `compact` and `recover`: whether the record is whole, and what mends it. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkLedger, type LedgerFinding } from '../../store/check.ts';
import { compactLedger } from '../../store/compact.ts';
import { withLastGood } from '../../store/last-good.ts';
import { holderOf, holderText } from '../../store/lease.ts';
import { mendLedger } from '../../store/mend.ts';
import { recoverLedger, type Recovered, type SavedTable } from '../../store/recover.ts';
import type { Args, Command } from '../command.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { findingLines, isMendable, isWhole, mendedText } from '../ledger-findings.ts';
import { jsonOption, openConfiguration, toJson } from './open.ts';

const check: Command = {
  name: 'check',
  describe: 'Is the ledger whole: its pages, the chain of its results, its tallies against them',
  example: ['ledger check', 'exit 0 when it is, 1 when not; --mend has tallies judged anew'],
  build: (yargs) =>
    jsonOption(yargs).option('mend', {
      type: 'boolean',
      describe: 'judge tallies anew that are not what their results say',
    }),
  async run(args, io) {
    const path = await pathOf(args, io);
    if (args.flag('mend')) mustBeFree(path, 'ledger check --mend');
    const found = checked(path);
    if (args.flag('json')) io.print(toJson({ ledger: path, ok: isWhole(found), ...found }));
    else for (const line of findingLines(path, found)) io.print(line);
    if (!args.flag('mend') || !isMendable(found)) return isWhole(found) ? EXIT.ok : EXIT.failed;
    for (const notice of mendLedger(path, found)) io.complain(notice);
    const after = checkLedger(path);
    if (!args.flag('json')) io.print(mendedText(found, after));
    return isWhole(after) ? EXIT.ok : EXIT.failed;
  },
};

const compact: Command = {
  name: 'compact',
  describe: "Write the ledger's file anew, without free pages; no run may keep it meanwhile",
  example: ['ledger compact', 'prints its size before and after; needs as much free space as the ledger has'],
  async run(args, io) {
    const path = await pathOf(args, io);
    mustBeFree(path, 'ledger compact');
    const before = statSync(path).size;
    compactLedger(path);
    io.print(`${path}: ${sizeText(before)} before, ${sizeText(statSync(path).size)} now`);
    return EXIT.ok;
  },
};

const recover: Command = {
  name: 'recover',
  describe: 'Save what can be read of a damaged ledger into a new file',
  example: ['ledger recover --to saved.db', 'says what was lost, and up to which segment the chain is whole'],
  build: (yargs) =>
    jsonOption(yargs).option('to', { type: 'string', describe: 'the new file', demandOption: true, requiresArg: true }),
  async run(args, io) {
    const path = await pathOf(args, io);
    mustBeFree(path, 'ledger recover');
    const to = resolve(io.folder, args.text('to') ?? '');
    const saved = recoverLedger(path, to);
    if (args.flag('json')) io.print(toJson({ ledger: path, to, ...saved }));
    else for (const line of recoveredLines(to, saved)) io.print(line);
    return saved.tables.every(({ lost }) => lost === 0) && saved.wholeUpTo === saved.segments ? EXIT.ok : EXIT.failed;
  },
};

export const ledger: Command = {
  name: 'ledger',
  describe: 'Looks after the record itself',
  example: ['ledger check', 'whether it is whole'],
  below: [check, compact, recover],
};

/** @throws CommandError when there is no such file */
async function pathOf(args: Args, io: Io): Promise<string> {
  const { ledgerPath } = await openConfiguration(args, io);
  if (existsSync(ledgerPath)) return ledgerPath;
  throw new CommandError(
    `${ledgerPath}: expected a ledger, got no such file; "pulsedrill run" makes and fills one`,
    EXIT.prober,
  );
}

/** @throws LedgerError with what is left of it, when SQLite refuses all of it */
function checked(path: string): LedgerFinding {
  try {
    return checkLedger(path);
  } catch (error) {
    throw withLastGood(error);
  }
}

function mustBeFree(path: string, command: string): void {
  const holder = holderOf(path);
  if (holder === null) return;
  throw new CommandError(
    `${command}: expected a ledger that no "pulsedrill run" keeps, got ${holderText(holder)} on ${path}; end it first`,
    EXIT.prober,
  );
}

function recoveredLines(to: string, { tables, wholeUpTo, segments, tallies, notices }: Recovered): readonly string[] {
  const last =
    wholeUpTo === segments
      ? `the chain is whole, ${segments} segments`
      : `the chain is whole up to segment ${wholeUpTo} of ${segments}`;
  return [
    ...tables.map(savedText),
    `tallies: ${tallies}${tallies === 'lost in part' ? ' ("pulsedrill ledger check --mend" on the new file judges them by the results that are there)' : ''}; ${last}`,
    ...notices,
    `what could be read is in ${to}: look at it with "pulsedrill ledger check", then let store.ledger name it`,
  ];
}

function savedText({ table, saved, lost }: SavedTable): string {
  const how = lost === null ? 'some lost' : lost === 0 ? 'none lost' : `${lost} lost`;
  return `${table}: ${saved} rows saved, ${how}`;
}

function sizeText(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}
