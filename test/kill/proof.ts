/** The proof that no fault is left behind, for one injector: conductors are killed and stopped at seeded random moments. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readJournal } from '../../runner/gameday/journal.ts';
import { seededRandom } from '../../scenarios/random.ts';
import { eventually } from '../support/servers.ts';
import { IN_TIME_MS, kill, startConductor } from './conducted.ts';
import type { Ground } from './ground.ts';
import { ROUNDS, SEED } from './seed.ts';

const PROMISE_MS = 5_000;
/** Of a conductor that is stopped; those that are killed are noticed at once. */
const LEASE_MS = 1_000;

/** @param why not here: the reason why it is skipped, or null */
export function killProof(kind: string, why: string | null, prepare: () => Promise<Ground>): void {
  describe.skipIf(why !== null)(`${kind}: nothing is left behind by a conductor`, () => {
    let ground: Ground;
    const took: Record<'SIGKILL' | 'SIGSTOP', number[]> = { SIGKILL: [], SIGSTOP: [] };
    beforeAll(async () => {
      ground = await prepare();
    });
    afterAll(async () => {
      await ground[Symbol.asyncDispose]();
      for (const [signal, all] of Object.entries(took)) console.info(summary(kind, signal, all));
    });
    beforeEach(() => ground.refresh?.());

    const left = async () => ground.left();
    const isClean = async () => ((await left()).length === 0 ? true : undefined);
    const isFaulty = async () => ((await left()).length > 0 ? true : undefined);

    test.each(moments(`${kind} SIGKILL`))(
      'that is killed $afterMs ms after its guardian started',
      async ({ afterMs }) => {
        await using run = await startConductor(ground);
        await run.guardian();
        await delay(afterMs);
        await kill(run.conductor);
        const killedMs = performance.now();
        await eventually(isClean, 'nothing is left of any fault', IN_TIME_MS);
        took.SIGKILL.push(performance.now() - killedMs);
        await eventually(run.isClosed, 'the guardian has closed the journal', IN_TIME_MS);
        expect(await left()).toEqual([]);
        expect(await run.recover()).toEqual({ recovered: [], remaining: [], running: [] });
      },
    );

    test.each(moments(`${kind} SIGSTOP`))('that hangs from $afterMs ms on, and wakes up later', async ({ afterMs }) => {
      await using run = await startConductor(ground, { leaseMs: LEASE_MS });
      await run.guardian();
      await delay(afterMs);
      run.conductor.kill('SIGSTOP');
      const stoppedMs = performance.now();
      // Long enough for its lease to end, whatever it was doing.
      await delay(LEASE_MS + 500);
      await eventually(isClean, 'nothing is left of any fault', IN_TIME_MS);
      took.SIGSTOP.push(performance.now() - stoppedMs);
      run.conductor.kill('SIGCONT');
      const seen = new Set<string>();
      while (run.conductor.exitCode === null && run.conductor.signalCode === null) {
        for (const each of await left()) seen.add(each);
        await delay(20);
      }
      expect([...seen]).toEqual([]);
      expect(await left()).toEqual([]);
      await eventually(run.isClosed, 'the journal is closed', IN_TIME_MS);
      expect(await run.recover()).toEqual({ recovered: [], remaining: [], running: [] });
    });

    test('that is killed together with its guardian, once it is recovered from the journal', async () => {
      await using run = await startConductor(ground, { hold: '60s' });
      await eventually(isFaulty, 'a fault is there');
      const pid = await run.guardian();
      process.kill(pid, 'SIGSTOP');
      await kill(run.conductor);
      process.kill(pid, 'SIGKILL');
      const first = await run.recover();
      expect(first).toMatchObject({ recovered: [{ injector: kind, target: ground.target }], remaining: [] });
      expect(await left()).toEqual([]);
      expect(await run.recover()).toEqual({ recovered: [], remaining: [], running: [] });
      const { entries } = await readJournal(run.journalPath);
      expect(entries.at(-1)).toMatchObject({ type: 'finished', verdict: 'aborted', passed: false });
    });
  });
}

/** Spread over all that a conductor does, from its first check to its end. */
function moments(path: string): readonly { readonly afterMs: number }[] {
  const random = seededRandom(SEED, path);
  return Array.from({ length: ROUNDS }, () => ({ afterMs: Math.round(random() * 1500) }));
}

function summary(kind: string, signal: string, tookMs: readonly number[]): string {
  const slowest = tookMs.length === 0 ? 0 : Math.round(Math.max(...tookMs));
  const late = tookMs.filter((ms) => ms > PROMISE_MS).length;
  return `kill proof: ${kind}, ${signal}, seed ${SEED}: ${tookMs.length} of ${ROUNDS} rounds left nothing; slowest ${slowest} ms, ${late} beyond ${PROMISE_MS} ms`;
}
