/**
 * The guardian of one game-day: a process of its own that waits for the conductor to end. Ends it well, the guardian goes;
 * is it killed, hung or cut off, the guardian lifts every fault that the journal says may be there.
 */
import process from 'node:process';
import { systemClock } from '../clock.ts';
import type { FromGuardian, ToGuardian } from './guard.ts';
import { injectorsByKind } from './injectors.ts';
import { openJournal } from './journal.ts';
import { liftOutstanding } from './lift-outstanding.ts';

/** After a suspension the lease looks expired while its renewal waits to be read: read first. */
const GRACE_MS = 100;
/** How long it goes on trying. */
const GIVE_UP_MS = 60_000;
/** A conductor killed in the middle of an injection may have left a request that the target has still to read. */
const SECOND_LOOK_MS = 500;

type Begin = Extract<ToGuardian, { type: 'begin' }>;

let begun: Begin | null = null;
let heardAtMs = systemClock.monotonicMs();
let sinceStartMs = 0;
let isActing = false;
let lease: NodeJS.Timeout | undefined;

function answer(message: FromGuardian): void {
  process.send?.(message, undefined, undefined, () => undefined);
}

function hear(atMs: number): void {
  heardAtMs = systemClock.monotonicMs();
  sinceStartMs = atMs;
  clearTimeout(lease);
  if (begun !== null) lease = setTimeout(() => setTimeout(expire, GRACE_MS), begun.leaseMs);
}

function expire(): void {
  if (begun !== null && systemClock.monotonicMs() - heardAtMs >= begun.leaseMs) void act(begun, false);
}

/** @param isDead the conductor has ended, so that the journal is ours to close */
async function act(charge: Begin, isDead: boolean): Promise<void> {
  if (isActing) return;
  isActing = true;
  clearTimeout(lease);
  // A conductor that wakes up finds the line cut, and injects nothing more.
  if (process.connected) process.disconnect();
  try {
    await lift(charge, isDead);
    process.exit(0);
  } catch {
    // Whatever is left is in the journal, for `gameday recover`.
    process.exit(5);
  }
}

async function lift({ journalPath, gameday, injectors, secrets, path }: Begin, isDead: boolean): Promise<void> {
  await using journal = await openJournal({
    path: journalPath,
    gameday,
    wallMs: () => systemClock.wallMs(),
    sinceStartMs: () => sinceStartMs + systemClock.monotonicMs() - heardAtMs,
  });
  const signal = AbortSignal.timeout(GIVE_UP_MS);
  const reachable = injectorsByKind(injectors, {
    gameday,
    secrets: new Map(secrets),
    ...(path === null ? {} : { path }),
  });
  const options = {
    path: journalPath,
    journal,
    by: 'guardian',
    injectorFor: (kind: string) => reachable.get(kind) ?? null,
    clock: systemClock,
    signal,
  } as const;
  const { remaining } = await liftOutstanding({ ...options, secondLookMs: SECOND_LOOK_MS, closes: isDead });
  if (remaining.length > 0) throw new Error('not everything could be lifted');
}

// Ctrl-C, a closed terminal or a service manager's first signal go to the conductor, which still needs its guardian.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

process.on('message', (message: ToGuardian) => {
  if (isActing) return;
  if (message.type === 'finish') process.exit(0);
  hear(message.sinceStartMs);
  if (message.type === 'begin') {
    begun = message;
    hear(message.sinceStartMs);
    answer({ type: 'ready' });
  } else {
    answer({ type: 'renewed', call: message.call });
  }
});
process.on('disconnect', () => {
  if (begun === null) process.exit(0);
  void act(begun, true);
});
