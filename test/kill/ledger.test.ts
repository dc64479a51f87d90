import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../scenarios/random.ts';
import { judge } from '../../store/judge.ts';
import { Ledger } from '../../store/ledger.ts';
import { sumTallies } from '../../slo/tally.ts';
import { AVAILABILITY, LATENCY, T0 } from '../support/results.ts';

const ROUNDS = Number(process.env['PULSEDRILL_KILLS'] ?? '3');
const SEED = Number(process.env['PULSEDRILL_SEED'] ?? '20260115');
const ALL = { fromMs: 0, toMs: T0 * 2 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a writer, lets it live for `afterMs` once it has begun, kills it. @returns what it said was durable */
async function writeUntilKilled(path: string, first: number, afterMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'ledger-writer.ts'), path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    timer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
  });
  const [, signal] = await new Promise<readonly unknown[]>((resolve) => {
    child.once('close', (...how: readonly unknown[]) => resolve(how));
  });
  clearTimeout(timer);
  expect(signal).toBe('SIGKILL');
  // The last line may have been cut by the kill.
  return said.split('\n').slice(0, -1);
}

test(
  `after ${ROUNDS} kills at random moments everything acknowledged is there, once, and the tallies agree (seed ${SEED})`,
  { timeout: 30_000 + ROUNDS * 15_000 },
  async () => {
    const random = seededRandom(SEED);
    const path = join(folder, 'ledger.db');
    const runs = new Set<string>();
    const open = new Set<string>();
    const closed = new Set<string>();
    const acknowledged = new Map([
      ['run', runs],
      ['open', open],
      ['closed', closed],
    ]);
    for (let round = 0; round < ROUNDS; round += 1) {
      // Each writer begins among the runs of the one before it: what was stored then comes again.
      const first = Math.max(0, Math.floor(runs.size / 30) * 30 - 60);
      for (const line of await writeUntilKilled(path, first, random() * 300)) {
        const [what = '', id = ''] = line.split(' ');
        acknowledged.get(what)?.add(id);
      }

      const db = new DatabaseSync(path);
      expect(db.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
      db.close();
      using ledger = new Ledger({ path, readOnly: true });
      const stored = [...ledger.results(ALL)];
      const ids = new Set(stored.map(({ runId }) => runId));
      expect(ids.size).toBe(stored.length);
      expect([...runs].filter((id) => !ids.has(id))).toEqual([]);
      for (const rule of [AVAILABILITY, LATENCY]) {
        const expected = stored.flatMap((result) => judge(rule, result, ledger.stepMs)).map(({ tally }) => tally);
        expect(sumTallies(ledger.tallies({ objective: rule.id, ...ALL }))).toEqual(sumTallies(expected));
      }
      const left = new Set(ledger.openOrders().map(({ clientOrderId }) => clientOrderId));
      expect([...closed].filter((id) => left.has(id))).toEqual([]);
      const unfinished = [...open].filter((id) => !closed.has(id) && !left.has(id));
      // A close may have become durable without having been acknowledged: at most one a kill.
      expect(unfinished.length).toBeLessThanOrEqual(round + 1);
    }
    expect(runs.size).toBeGreaterThan(0);
  },
);
