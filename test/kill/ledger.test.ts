import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../scenarios/random.ts';
import { judge } from '../../store/judge.ts';
import { lastNoted } from '../../store/last-noted.ts';
import { Ledger } from '../../store/ledger.ts';
import { addTallies, EMPTY_TALLY, sumTallies } from '../../slo/tally.ts';
import { brokenSegments } from '../support/chain.ts';
import { AVAILABILITY, LATENCY, T0 } from '../support/results.ts';
import { LEDGER_ROUNDS, SEED } from './seed.ts';
import { writtenResult } from './written.ts';

const ALL = { fromMs: 0, toMs: T0 * 2 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a writer, lets it live for `afterMs` once it has begun, kills it. @returns what it said was durable */
async function writeUntilKilled(words: readonly string[], afterMs: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'ledger-writer.ts'), ...words], {
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
  `after ${LEDGER_ROUNDS} kills at random moments everything acknowledged is there once or has expired, chain and tallies are whole (PULSEDRILL_SEED=${SEED})`,
  { timeout: 30_000 + LEDGER_ROUNDS * 15_000 },
  async () => {
    const random = seededRandom(SEED, 'ledger');
    const path = join(folder, 'ledger.db');
    const runs = new Set<string>();
    const open = new Set<string>();
    const closed = new Set<string>();
    const upkeep = new Set<string>();
    const acknowledged = new Map([
      ['run', runs],
      ['open', open],
      ['closed', closed],
      ['upkeep', upkeep],
    ]);
    // What all runs so far add up to: those that have expired can only be counted once they are known to be stored.
    const expected = new Map([AVAILABILITY, LATENCY].map((rule) => [rule, EMPTY_TALLY]));
    let counted = 0;
    let underWay = 0;
    for (let round = 0; round < LEDGER_ROUNDS; round += 1) {
      // Each writer begins among the runs of the one before it: what was stored then comes again.
      const first = Math.max(0, Math.floor(runs.size / 30) * 30 - 60);
      const words = [path, String(first), ...(round % 3 === 0 ? [] : ['tidy'])];
      for (const line of await writeUntilKilled(words, random() * 300)) {
        const [what = '', id = ''] = line.split(' ');
        acknowledged.get(what)?.add(id);
      }

      const db = new DatabaseSync(path);
      expect(db.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
      underWay += db.prepare("SELECT 1 FROM meta WHERE key = 'removing'").all().length;
      db.close();
      expect(brokenSegments(path)).toEqual([]);

      using ledger = new Ledger({ path, readOnly: true });
      const segments = ledger.segments({});
      const stored = segments.at(-1)?.lastSeq ?? 0;
      expect(stored).toBeGreaterThanOrEqual(runs.size);
      // What is noted beside the file never says more than was stored, and all that was acknowledged.
      const noted = lastNoted(path)?.seq ?? 0;
      expect(noted).toBeGreaterThanOrEqual(runs.size);
      expect(noted).toBeLessThanOrEqual(stored);
      // Runs are stored in their order: the nth result is the nth run, unless its segment has expired.
      const kept = segments.filter(({ expiredMs }) => expiredMs === null);
      for (const { firstSeq, lastSeq } of kept) {
        expect(ledger.chained(firstSeq - 1, lastSeq, lastSeq).map(({ result }) => result.runId)).toEqual(
          Array.from({ length: lastSeq - firstSeq + 1 }, (_, k) => writtenResult(firstSeq + k - 1).runId),
        );
      }
      for (; counted < stored; counted += 1) {
        for (const [rule, tally] of expected) {
          const judged = judge(rule, writtenResult(counted), ledger.stepMs).map((each) => each.tally);
          expected.set(rule, judged.reduce(addTallies, tally));
        }
      }
      for (const [{ id }, tally] of expected) {
        expect(sumTallies(ledger.tallies({ objective: id, ...ALL }))).toEqual(tally);
      }
      const left = new Set(ledger.openOrders().map(({ clientOrderId }) => clientOrderId));
      expect([...closed].filter((id) => left.has(id))).toEqual([]);
      const unfinished = [...open].filter((id) => !closed.has(id) && !left.has(id));
      // A close may have become durable without having been acknowledged: at most one a kill.
      expect(unfinished.length).toBeLessThanOrEqual(round + 1);
    }
    expect(runs.size).toBeGreaterThan(0);
    if (LEDGER_ROUNDS < 50) return;
    // Otherwise nothing of this was put to the test. What comes after results depends on how long a writer lives.
    expect([...upkeep]).toEqual(expect.arrayContaining(['expired', 'results']));
    expect(underWay).toBeGreaterThan(0);
  },
);
