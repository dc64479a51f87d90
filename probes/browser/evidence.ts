/** What is gathered about a failed run after its result is known; nothing here is in any number. */
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { deadline } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import type { RunContext } from '../probe.ts';
import { openShelf, type Shelf } from './artefacts.ts';
import { within } from './bounded.ts';
import { takePicture } from './picture.ts';
import type { BrowserSpec } from './spec.ts';
import { startTrace, stopTrace, writeKept, type RawTrace } from './trace.ts';
import { openRoom, walk, type Room } from './walk.ts';

/** How long a run waits for what its predecessor left behind to let go of the browser. */
const MAKE_WAY_MS = 1000;
/** For a context to close, or a trace to end. */
const LEAVE_MS = 5000;

export interface Evidence {
  /** Cuts a re-run short, so that a counted run has the browser to itself. Bounded. */
  makeWay(): Promise<void>;
  /** Takes the room over, and closes it. The run need not wait. */
  take(room: Room, isBad: boolean, ctx: RunContext): void;
  /** Pictures and traces that could not be had or kept since this was last asked. */
  lost(): number;
  /** Until everything is kept and closed. Bounded by the limits of each part. */
  settle(): Promise<void>;
}

interface Gathering {
  readonly cut: AbortController;
  readonly browserFree: Promise<void>;
  readonly done: Promise<void>;
}

async function closeRoom(room: Room): Promise<boolean> {
  await room[Symbol.asyncDispose]();
  return true;
}

export function createEvidence(
  spec: BrowserSpec,
  { artefacts, clock }: ProbeEnvironment,
  redact: (text: string) => string,
  discard: (browser: Browser) => void,
): Evidence {
  const { screenshot, trace, mask } = spec.artefacts;
  const shelf: Shelf | null =
    artefacts === undefined ? null : openShelf(join(artefacts.folder, spec.id), spec.artefacts);
  const secrets = artefacts?.secrets ?? new Map<string, string>();
  const going = new Set<Gathering>();
  let lost = 0;
  /** One re-run a streak of failures: the target is unwell enough. */
  let isTraced = false;

  async function orLost<T>(work: Promise<T>): Promise<T | null> {
    return work.catch(() => {
      lost += 1;
      return null;
    });
  }

  async function leave(room: Room): Promise<void> {
    const closed = await within(clock, LEAVE_MS, closeRoom(room));
    if (closed === null) discard(room.browser);
  }

  function endTrace(room: Room): Promise<RawTrace | null> {
    const ending = stopTrace(room.context);
    return orLost(
      within(clock, LEAVE_MS, ending).then((raw) => {
        if (raw !== null) return raw;
        void ending.then((late) => late[Symbol.asyncDispose]()).catch(() => undefined);
        throw new Error('the trace did not end');
      }),
    );
  }

  async function rerun(browser: Browser, ctx: RunContext, cut: AbortSignal): Promise<RawTrace | null> {
    using limit = deadline(clock, ctx.timeoutMs, cut);
    const room = await orLost(openRoom(browser, spec));
    if (room === null) return null;
    try {
      await startTrace(room.context);
      await walk(room, spec, { clock, signal: limit.signal, timeoutMs: ctx.timeoutMs }, redact);
      return await endTrace(room);
    } catch {
      lost += 1;
      return null;
    } finally {
      await leave(room);
    }
  }

  /** Whatever needs the browser. @returns the trace to be rewritten, which does not */
  async function look(room: Room, isBad: boolean, ctx: RunContext, cut: AbortSignal): Promise<RawTrace | null> {
    let raw: RawTrace | null = null;
    try {
      if (isBad && shelf !== null && screenshot) {
        await orLost(shelf.put(ctx.runId, '.png', (path) => takePicture(room.page, path, { mask, secrets })));
      }
      if (isBad && shelf !== null && trace === 'always') raw = await endTrace(room);
    } finally {
      await leave(room);
    }
    if (!isBad) isTraced = false;
    if (!isBad || shelf === null || trace !== 'rerun' || isTraced || cut.aborted) return raw;
    raw = await rerun(room.browser, ctx, cut);
    isTraced = raw !== null;
    return raw;
  }

  async function keep(raw: RawTrace | null, runId: string): Promise<void> {
    if (raw === null || shelf === null) return;
    await using owned = raw;
    await orLost(shelf.put(runId, '.trace.zip', (path) => writeKept(owned, path, secrets)));
  }

  return {
    async makeWay() {
      for (const { cut } of going) cut.abort(new DOMException('a counted run is due', 'AbortError'));
      await within(clock, MAKE_WAY_MS, Promise.all([...going].map(({ browserFree }) => browserFree)));
    },
    take(room, isBad, ctx) {
      const cut = new AbortController();
      const looking = look(room, isBad, ctx, cut.signal);
      const browserFree = looking.then(
        () => undefined,
        () => undefined,
      );
      const done = looking.then((raw) => keep(raw, ctx.runId)).catch(() => undefined);
      const gathering: Gathering = { cut, browserFree, done };
      going.add(gathering);
      void done.then(() => going.delete(gathering));
    },
    lost() {
      const count = lost;
      lost = 0;
      return count;
    },
    async settle() {
      await Promise.all([...going].map(({ done }) => done));
    },
  };
}
