/**
 * The accounts of all objectives, brought up to a ledger: in full the first time, after that by what changed since. Each in
 * a turn of the event loop of its own, because the same loop measures, and months of minutes take milliseconds.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Account, type Hour, type HourByMinutes, type Wanted } from '../slo/account.ts';
import type { Minutes, Step } from '../slo/history.ts';
import type { Objective } from '../slo/objective.ts';
import type { Stretch } from '../slo/ranges.ts';
import type { WindowStep } from '../slo/sliding.ts';
import type { Status } from '../slo/status.ts';
import type { TimeBase } from '../slo/time-base.ts';
import { unpack, unpackForWindows } from './packed.ts';
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
function readsOf(objective: string, { hours, minutes }: Wanted, { hourMs }: TimeBase): readonly RollupRead[] {
  const runs: { fromMs: number; toMs: number }[] = [];
  for (const atMs of minutes) {
    const last = runs.at(-1);
    if (last?.toMs === atMs) last.toMs += hourMs;
    else runs.push({ fromMs: atMs, toMs: atMs + hourMs });
  }
  return [
    ...(hours === null ? [] : [{ objective, span: 'day' as const, ...hours }]),
    ...runs.map((run) => ({ objective, span: 'hour' as const, ...run })),
  ];
}

function take(
  account: Account,
  { hours, minutes }: Wanted,
  rows: readonly (readonly RollupRow[])[],
  base: TimeBase,
): void {
  const [days = [], runs] = hours === null ? [[], rows] : [rows[0], rows.slice(1)];
  if (hours !== null) account.takeHours(hours, hoursIn(days, hours, base));
  if (minutes.length > 0) {
    const found = runs.flat().map((row) => byMinutes(row, base));
    account.takeMinutes(minutes, found);
  }
}

function* hoursIn(days: readonly RollupRow[], { fromMs, toMs }: Stretch, { hourMs }: TimeBase): Iterable<Hour> {
  for (const { atMs, split, steps } of days) {
    for (const step of unpack(steps, atMs, hourMs)) {
      if (step.atMs >= fromMs && step.atMs < toMs) yield { atMs: step.atMs, split, tally: step };
    }
  }
}

function byMinutes({ atMs, split, steps }: RollupRow, { minuteMs }: TimeBase): HourByMinutes {
  return { atMs, split, minutes: new PackedMinutes(steps, atMs, minuteMs) };
}

/** Of most hours only what windows need is ever asked for. */
class PackedMinutes implements Minutes {
  readonly #row: readonly [bytes: Uint8Array, fromMs: number, stepMs: number];
  #all: readonly Step[] | null = null;
  #forWindows: readonly WindowStep[] | null = null;

  constructor(...row: readonly [bytes: Uint8Array, fromMs: number, stepMs: number]) {
    this.#row = row;
  }

  get all(): readonly Step[] {
    this.#all ??= unpack(...this.#row);
    return this.#all;
  }

  get forWindows(): readonly WindowStep[] {
    this.#forWindows ??= unpackForWindows(...this.#row);
    return this.#forWindows;
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
