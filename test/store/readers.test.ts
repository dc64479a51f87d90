import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { checkLedger } from '../../store/check.ts';
import { AVAILABILITY } from '../support/results.ts';
import { eventually } from '../support/servers.ts';

const LOOKS = 8;

/** One moment of the file, as any SQLite client sees it. */
function look(path: string): { stored: number; counted: number; kept: number; held: number } {
  using db = new DatabaseSync(path, { readOnly: true });
  db.exec('BEGIN');
  const one = (sql: string): number => Number(db.prepare(sql).get()?.['n'] ?? 0);
  return {
    stored: one('SELECT max(last_seq) AS n FROM segments'),
    counted: one(`SELECT sum(good + bad) AS n FROM tallies WHERE objective = '${AVAILABILITY.id}'`),
    kept: one('SELECT sum(results) AS n FROM segments WHERE expired_ms IS NULL'),
    held: one(`SELECT count(*) AS n FROM results WHERE seq IN (SELECT r.seq FROM segments s JOIN results r
      ON r.seq BETWEEN s.first_seq AND s.last_seq WHERE s.expired_ms IS NULL)`),
  };
}

test('a second process reads whole states while another one appends, lets results go and shrinks the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-readers-'));
  const path = join(folder, 'ledger.db');
  // Into files: nobody reads a pipe while SQLite looks through a ledger.
  const [saidPath, complainedPath] = [join(folder, 'said'), join(folder, 'complained')];
  const [said, complained] = [openSync(saidPath, 'w'), openSync(complainedPath, 'w')];
  const writer = spawn(process.execPath, [join(import.meta.dirname, '../kill/ledger-writer.ts'), path, '0', 'tidy'], {
    stdio: ['ignore', said, complained],
  });
  try {
    const hasSaid = (what: string) => () => (readFileSync(saidPath, 'utf8').includes(what) ? true : undefined);
    await eventually(hasSaid('upkeep results'), 'results leave');
    for (let n = 0; n < LOOKS; n += 1) {
      const before = statSync(saidPath).size;
      const { stored, counted, kept, held } = look(path);
      expect(counted).toBe(stored);
      expect(held).toBe(kept);
      const found = checkLedger(path);
      expect(found).toMatchObject({ pages: [], chain: { broken: [] } });
      expect(found.tallies?.every(({ different, areRollupsWhole }) => different === 0 && areRollupsWhole)).toBe(true);
      // The writer is not held up by who reads, and did not end.
      await eventually(() => (statSync(saidPath).size > before ? true : undefined), 'the writer goes on');
    }
    expect([writer.exitCode, readFileSync(complainedPath, 'utf8')]).toEqual([null, '']);
  } finally {
    writer.kill('SIGKILL');
    if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'close');
    closeSync(said);
    closeSync(complained);
    rmSync(folder, { recursive: true, force: true });
  }
});
