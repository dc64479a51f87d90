import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkLedger } from '../../store/check.ts';
import { Ledger } from '../../store/ledger.ts';
import { recoverLedger } from '../../store/recover.ts';
import { AVAILABILITY, T0, aResult } from '../support/results.ts';
import { mayNotMount, smallDisk } from '../support/small-disk.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-read-only-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(mayNotMount())('a ledger where nothing can be written says how a copy of it is read', () => {
  using disk = smallDisk('4m');
  const path = join(disk.folder, 'the ledger.db');
  {
    using ledger = new Ledger({ path, objectives: [AVAILABILITY] });
    ledger.append([aResult(1), aResult(2)], T0);
  }
  execFileSync('mount', ['-o', 'remount,ro', disk.folder]);
  const command = `mkdir -p /tmp/pulsedrill && cp '${path}'* /tmp/pulsedrill`;
  const said =
    `ledger ${path}: reading it makes a -shm beside it, and nothing can be written in ${disk.folder}: ` +
    `read a copy: "${command}", and let store.ledger of another configuration name it`;
  expect(() => new Ledger({ path, readOnly: true })).toThrow(said);
  expect(() => checkLedger(path)).toThrow(said);
  expect(() => recoverLedger(path, join(folder, 'saved.db'))).toThrow(said);
  // Who writes has to have the right to.
  expect(() => new Ledger({ path })).toThrow(
    /: (?:it is read-only: give this user the right to write the file and its folder|cannot be opened: check that the folder exists and that this user may write in it)$/,
  );

  execFileSync('sh', ['-c', command.replaceAll(/\/tmp\/pulsedrill(?= |$)/g, join(folder, 'copy'))]);
  expect(checkLedger(join(folder, 'copy', 'the ledger.db'))).toMatchObject({
    gone: null,
    chain: { results: 2, broken: [] },
  });
});
