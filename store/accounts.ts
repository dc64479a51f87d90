/**
 * The accounts of all objectives, brought up to a ledger: in full the first time, after that by what changed since. Each in
 * a turn of the event loop of its own, because the same loop measures, and months of minutes take milliseconds.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Account, type DayByHours, type HourByMinutes, type Wanted } from '../slo/account.ts';
import type { Hours, Minutes, Step } from '../slo/history.ts';
import type { Objective } from '../slo/objective.ts';
import { runsOf, type Stretch } from '../slo/ranges.ts';
import type { Status } from '../slo/status.ts';
import type { Tally } from '../slo/tally.ts';
import type { TimeBase } from '../slo/time-base.ts';
import type { WindowSteps } from '../slo/window-steps.ts';
import { placeSteps, sumOf, unpack } from './packed.ts';
import type { Mark, RollupAnswer, RollupRead, RollupRow, StoreReader } from './store.ts';

export interface Accounts {
  /** One after the other: two at once would each take the same changes. */
  statuses(objectives: readonly Objective[], nowMs: number): Promise<readonly Status[]>;
}

/** A late result can make an account ask once more, for the hours around it. */
const MOST_ROUNDS = 8;

/** @param leftOut of an objective, stretches that are judged as if they had never been; default: none */
export function createAccounts(
  reader: Pick<StoreReader, 'rollups'>,
  base: TimeBase,
  leftOut: (objective: Objective) => readonly Stretch[] = () => [],
): Accounts {
  let accounts: readonly Account[] = [];
  let mark: Mark | null = null;

  /** One account an objective, kept for as long as the objective is asked for. */
  function follow(objectives: readonly Objective[]): void {
    const known = new Map(accounts.map((account) => [account.objective.id, account]));
    accounts = objectives.map((objective) => {
      const account = known.get(objective.id) ?? new Account(objective, base, leftOut(objective));
      account.follow(objective);
      return account;
    });
  }

  async function catchUp(nowMs: number): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const asked = accounts.map((account) => ({ account, wanted: account.wanted(nowMs) }));
      const reads = asked.map(({ account, wanted }) => readsOf(account.objective.id, wanted, base));
      const isFirst = mark === null;
      const isDone = round > 0 && reads.every((each) => each.length === 0);
      if (isDone) return;
      const answer = await reader.rollups({ reads: reads.flat(), since: mark });
      if (answer.changed === null) {
        for (const account of accounts) account.clear();
        mark = null;
        continue;
      }
      let at = 0;
      for (const [index, { account, wanted }] of asked.entries()) {
        const count = reads[index]?.length ?? 0;
        if (count > 0) await nextTurn();
        take(account, wanted, answer.rows.slice(at, at + count), base);
        at += count;
      }
      mark = answer.mark;
      if (!isFirst) takeChanges(accounts, answer, base);
    }
    throw new Error(`the ledger changed ${MOST_ROUNDS} times while its tallies were read`);
  }

  return {
    async statuses(objectives, nowMs) {
      try {
        follow(objectives);
        await catchUp(nowMs);
        const statuses: Status[] = [];
        for (const account of accounts) {
          await nextTurn();
          statuses.push(account.status(nowMs));
        }
        for (const account of accounts) account.forget(nowMs);
        return statuses;
      } catch (error) {
        // Whatever was half taken is read again.
        for (const account of accounts) account.clear();
        mark = null;
        throw error;
      }
    },
  };
}

/** The sums of a stretch first, then runs of hours by their minutes. */
function readsOf(objective: string, { hours, minutes }: Wanted, base: TimeBase): readonly RollupRead[] {
  return [
    ...(hours === null ? [] : [{ objective, span: 'day' as const, ...hours }]),
    ...runsOf(minutes, base).map((run) => ({ objective, span: 'hour' as const, ...run })),
  ];
}

function take(
  account: Account,
  { hours, minutes }: Wanted,
  rows: readonly (readonly RollupRow[])[],
  base: TimeBase,
): void {
  const [days = [], runs] = hours === null ? [[], rows] : [rows[0], rows.slice(1)];
  if (hours !== null)
    account.takeHours(
      hours,
      days.map((row) => byHours(row, base)),
    );
  if (minutes.length > 0) {
    const found = runs.flat().map((row) => byMinutes(row, base));
    account.takeMinutes(minutes, found);
  }
}

function byHours({ atMs, split, steps }: RollupRow, { hourMs }: TimeBase): DayByHours {
  // This stays for as long as the day does. A row that is a part of everything that was answered would keep all of that.
  const own = steps.length === steps.buffer.byteLength ? steps : steps.slice();
  return { atMs, split, hours: new PackedSteps(own, atMs, hourMs) };
}

function byMinutes({ atMs, split, steps }: RollupRow, { minuteMs }: TimeBase): HourByMinutes {
  return { atMs, split, minutes: new PackedSteps(steps, atMs, minuteMs) };
}

/** Of most days only the sum is ever asked for, and of most hours only what windows need. */
class PackedSteps implements Hours, Minutes {
  readonly #bytes: Uint8Array;
  readonly #fromMs: number;
  readonly #stepMs: number;

  constructor(bytes: Uint8Array, fromMs: number, stepMs: number) {
    this.#bytes = bytes;
    this.#fromMs = fromMs;
    this.#stepMs = stepMs;
  }

  get sum(): Tally {
    return sumOf(this.#bytes);
  }

  get all(): readonly Step[] {
    return unpack(this.#bytes, this.#fromMs, this.#stepMs);
  }

  before(atMs: number): Tally {
    return sumOf(this.#bytes, Math.ceil((atMs - this.#fromMs) / this.#stepMs));
  }

  placeIn(steps: WindowSteps): void {
    placeSteps(this.#bytes, steps, Math.round((this.#fromMs - steps.fromMs) / this.#stepMs));
  }
}

function takeChanges(accounts: readonly Account[], { changed }: RollupAnswer, base: TimeBase): void {
  for (const { objective, hours, rows } of changed ?? []) {
    const account = accounts.find((each) => each.objective.id === objective);
    account?.takeChanges(
      hours,
      rows.map((row) => byMinutes(row, base)),
    );
  }
}
