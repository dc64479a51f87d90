import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdLedger, holderOf } from '../../store/lease.ts';
import { LedgerError } from '../../store/ledger-error.ts';

const LEASE = join(import.meta.dirname, '../../store/lease.ts');
const FIRST = { pid: 11, location: 'fra1', startedMs: Date.UTC(2026, 0, 15, 12) };
const SECOND = { ...FIRST, pid: 12, location: 'lon1' };

let folder = '';
let ledger = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-lease-'));
  ledger = join(folder, 'a.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function refusal(hold: () => Disposable): unknown {
  try {
    hold()[Symbol.dispose]();
    return null;
  } catch (error) {
    return error;
  }
}

describe('the lease of a ledger', () => {
  it('is refused to a second one, which hears who holds it, whatever its location', () => {
    expect(holderOf(ledger)).toBeNull();
    {
      using first = holdLedger(ledger, FIRST);
      expect(first.holder).toEqual(FIRST);
      expect(holderOf(ledger)).toEqual(FIRST);
      const error = refusal(() => holdLedger(ledger, SECOND, 10));
      expect(error).toBeInstanceOf(LedgerError);
      expect(error).toMatchObject({
        code: 'held',
        message:
          `ledger ${ledger}: another "pulsedrill run" keeps it (process 11, location fra1, since 2026-01-15T12:00:00.000Z): ` +
          'end that one first, or give this one a ledger of its own in store.ledger',
      });
      expect(holderOf(ledger)).toEqual(FIRST);
    }
    expect(holderOf(ledger)).toBeNull();
    using second = holdLedger(ledger, SECOND, 10);
    expect(holderOf(ledger)).toEqual(second.holder);
  });

  it('is one for all names of a ledger', () => {
    writeFileSync(ledger, '');
    symlinkSync(ledger, join(folder, 'link.db'));
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'other'));
    using first = holdLedger(ledger, FIRST);
    expect(holderOf(join(folder, 'link.db'))).toEqual(first.holder);
    using made = holdLedger(join(folder, 'real', 'b.db'), SECOND);
    expect(holderOf(join(folder, 'other', 'b.db'))).toEqual(made.holder);
  });

  it('is gone with the process that held it, even one that was killed, and the next has it at once', async () => {
    const program = `
      import { holdLedger } from ${JSON.stringify(LEASE)};
      globalThis.lease = holdLedger(${JSON.stringify(ledger)}, { ...${JSON.stringify(FIRST)}, pid: process.pid });
      process.stdout.write('held');
      setInterval(() => undefined, 1000);
    `;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(holderOf(ledger)).toEqual({ ...FIRST, pid: child.pid });
    expect(refusal(() => holdLedger(ledger, SECOND, 10))).toMatchObject({ code: 'held' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(refusal(() => holdLedger(ledger, SECOND, 10))).toBeNull();
  });

  it('leaves nothing beside what can never be a ledger', () => {
    writeFileSync(ledger, 'the name of this host\n');
    expect(refusal(() => holdLedger(ledger, FIRST, 10))).toMatchObject({
      code: 'corrupt',
      message: `ledger ${ledger}: the file is not a database: name another file in store.ledger; if this was a ledger, its first page is damaged: "pulsedrill ledger recover --to FILE" finds that page in the -wal where one is left beside it, else only a copy helps`,
    });
    expect(refusal(() => holdLedger(folder, FIRST, 10))).toMatchObject({
      code: 'unwritable',
      message: `ledger ${folder}: this is not a file: name a file in store.ledger`,
    });
    expect(existsSync(`${folder}-run`)).toBe(false);
    expect(readdirSync(folder)).toEqual(['a.db']);
  });

  it('says of a file that is no lease what to do about it', () => {
    writeFileSync(`${ledger}-run`, 'something else'.repeat(100));
    expect(refusal(() => holdLedger(ledger, FIRST, 10))).toMatchObject({
      code: 'corrupt',
      message: `ledger ${ledger}-run: the file is not a database: remove it; it only says who keeps the ledger`,
    });
  });
});
