import { deadline } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import { abortVerdict, type Verdict } from '../network.ts';
import type { Observation, Phases, Probe, RunContext } from '../probe.ts';
import { Feed } from './continuous.ts';
import { dial, type Target } from './dial.ts';
import { PRESETS } from './presets.ts';
import type { MarketDataSpec } from './spec.ts';
import { Subscription } from './subscription.ts';
import { Tape, type Report, type TapeOptions } from './tape.ts';
import { judgeFeed } from './verdict.ts';

export function openMarketData(spec: MarketDataSpec, environment: ProbeEnvironment): Probe {
  return spec.mode === 'continuous' ? openContinuous(spec, environment) : openSession(spec, environment);
}

function targetOf(spec: MarketDataSpec): Target {
  return { url: spec.url, headers: spec.headers, ca: spec.ca, maxMessageBytes: spec.maxMessageBytes };
}

function messagesOf(spec: MarketDataSpec): readonly unknown[] {
  return spec.subscribe ?? PRESETS[spec.preset].subscribe;
}

function tapeOptions(spec: MarketDataSpec, weigh: TapeOptions['weigh']): TapeOptions {
  return { map: spec.map ?? PRESETS[spec.preset].map, symbols: spec.symbols, weigh };
}

/**
 * One subscription for the life of the probe. The first run connects and waits for the first data; every later one
 * reports at once what came since the one before.
 */
function openContinuous(spec: MarketDataSpec, environment: ProbeEnvironment): Probe {
  let watch: { readonly tape: Tape; readonly feed: Feed } | null = null;
  let reportedMs = 0;

  return {
    async run(ctx) {
      const { clock } = ctx;
      if (watch === null) {
        const tape = new Tape(tapeOptions(spec, 'each'), ctx, clock.wallMs());
        watch = { tape, feed: new Feed(targetOf(spec), messagesOf(spec), spec.timeout, tape, environment) };
        reportedMs = clock.monotonicMs();
        await untilFirst(watch.feed, tape, spec, ctx);
      }
      const { tape, feed } = watch;
      const wallMs = clock.wallMs();
      const report = tape.drain(wallMs);
      const line = feed.drain();
      const waitedMs = clock.monotonicMs() - reportedMs;
      reportedMs = clock.monotonicMs();
      const newestAgeMs = tape.newestAgeMs(wallMs);
      const verdict = judgeFeed(spec, { report, newestAgeMs, rejected: tape.rejected, down: feed.down, waitedMs });
      const { connects, disconnects, connectMs } = line;
      return observation(verdict, line.phases, report, { connects, disconnects, connectMs, newestAgeMs });
    },
    async close() {
      await watch?.feed.close();
      watch = null;
    },
  };
}

/** The first attempt, then the first data: as long as data may be old, and no longer than the run may take. */
async function untilFirst(feed: Feed, tape: Tape, spec: MarketDataSpec, ctx: RunContext): Promise<void> {
  await endOf(feed.firstAttempt, spec.timeout, ctx);
  if (feed.down === null) await endOf(tape.firstTick, spec.staleAfter, ctx);
}

/** Resolves with the promise, after `ms`, or when the run's signal aborts: whichever comes first. */
async function endOf(promise: Promise<unknown>, ms: number, ctx: RunContext): Promise<void> {
  using limit = deadline(ctx.clock, ms, ctx.signal);
  const { signal } = limit;
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    void promise.then(() => resolve());
  });
}

/** Connects, subscribes, listens, leaves. */
function openSession(spec: MarketDataSpec, environment: ProbeEnvironment): Probe {
  return {
    async run(ctx) {
      const { clock, signal } = ctx;
      const startedMs = clock.monotonicMs();
      const tape = new Tape(tapeOptions(spec, 'shared'), ctx, clock.wallMs());
      const dialled = await dial(
        targetOf(spec),
        (socket) => new Subscription(socket, messagesOf(spec), tape, environment.clock),
        clock,
        signal,
        ctx.timeoutMs,
      );
      if (!dialled.ok) return observation(dialled.verdict, dialled.phases, tape.drain(clock.wallMs()), {});
      const subscription = dialled.line;
      let down: Verdict | null = null;
      let firstTickMs: number | null = null;
      void subscription.end.then((verdict) => {
        down = verdict;
      });
      void tape.firstTick.then(() => {
        firstTickMs = clock.monotonicMs() - startedMs;
      });
      await endOf(subscription.end, spec.for, ctx);
      const wallMs = clock.wallMs();
      const report = tape.drain(wallMs);
      const newestAgeMs = tape.newestAgeMs(wallMs);
      const waitedMs = clock.monotonicMs() - startedMs - dialled.connectMs;
      const cause = signal.aborted && down === null ? abortVerdict(signal, 'answer', ctx.timeoutMs) : down;
      await subscription.leave(signal.aborted);
      // A session that could not listen to its end has failed, however fresh the data was until then.
      const verdict =
        cause !== null && tape.rejected === null
          ? cause
          : judgeFeed(spec, { report, newestAgeMs, rejected: tape.rejected, down: cause, waitedMs });
      const { connectMs } = dialled;
      return observation(verdict, dialled.phases, report, { connectMs, firstTickMs, newestAgeMs });
    },
  };
}

function observation(
  verdict: Verdict,
  phases: Phases,
  report: Report,
  values: Readonly<Record<string, number | null>>,
): Observation {
  return { ...verdict, phases, readings: report.readings, values: { ...report.values, ...values } };
}
