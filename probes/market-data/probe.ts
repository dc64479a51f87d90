import type { ProbeEnvironment } from '../kind.ts';
import { abortVerdict, type Verdict } from '../network.ts';
import type { Observation, Phases, Probe, RunContext } from '../probe.ts';
import { Calendar } from './calendar.ts';
import { Feed } from './continuous.ts';
import { dial } from './dial.ts';
import { PRESETS } from './presets.ts';
import type { MarketDataSpec } from './spec.ts';
import { Subscription } from './subscription.ts';
import { Tape, type Report, type TapeOptions } from './tape.ts';
import { judgeFeed } from './verdict.ts';
import { endOf } from './waiting.ts';

export function openMarketData(spec: MarketDataSpec, environment: ProbeEnvironment): Probe {
  return spec.mode === 'continuous' ? openContinuous(spec, environment) : openSession(spec, environment);
}

function messagesOf({ subscribe, preset, symbols = [] }: MarketDataSpec): readonly unknown[] {
  return subscribe ?? PRESETS[preset].subscribe(symbols);
}

function tapeOf(spec: MarketDataSpec, weigh: TapeOptions['weigh'], ctx: RunContext): Tape {
  const { map = [...PRESETS[spec.preset].map], symbols } = spec;
  const calendar = spec.calendar === undefined ? null : new Calendar(spec.calendar);
  return new Tape({ map, symbols, weigh, calendar }, ctx, ctx.clock.wallMs(), ctx.clock.monotonicMs());
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
        const tape = tapeOf(spec, 'each', ctx);
        watch = { tape, feed: new Feed(spec, messagesOf(spec), tape, environment) };
        reportedMs = clock.monotonicMs();
        await untilFirst(watch.feed, tape, spec, ctx);
      }
      const { tape, feed } = watch;
      const wallMs = clock.wallMs();
      const monotonicMs = clock.monotonicMs();
      const report = tape.drain(wallMs, monotonicMs);
      const {
        line: { phases, ...line },
        state,
      } = feed.drain();
      const view = tape.view(wallMs, spec.staleAfter);
      const seen = {
        report,
        view,
        rejected: tape.rejected,
        down: state.down ?? state.lost,
        waitedMs: monotonicMs - reportedMs,
      };
      reportedMs = monotonicMs;
      const { resubscribeMs } = report;
      return observation(judgeFeed(spec, seen), phases, report, { ...line, resubscribeMs, newestAgeMs: view.ageMs });
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
  if (feed.down === null) await endOf(Promise.race([tape.firstTick, feed.firstLoss]), spec.staleAfter, ctx);
}

/** Connects, subscribes, listens, leaves. */
function openSession(spec: MarketDataSpec, environment: ProbeEnvironment): Probe {
  return {
    async run(ctx) {
      const { clock, signal } = ctx;
      const startedMs = clock.monotonicMs();
      const tape = tapeOf(spec, 'shared', ctx);
      const dialled = await dial(
        spec,
        (socket) => new Subscription(socket, spec, messagesOf(spec), tape, environment.clock),
        clock,
        signal,
        ctx.timeoutMs,
      );
      if (!dialled.ok) {
        return observation(dialled.verdict, dialled.phases, tape.drain(clock.wallMs(), clock.monotonicMs()), {});
      }
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
      const report = tape.drain(wallMs, clock.monotonicMs());
      const view = tape.view(wallMs, spec.staleAfter);
      const waitedMs = clock.monotonicMs() - startedMs - dialled.connectMs;
      const cause = signal.aborted && down === null ? abortVerdict(signal, 'answer', ctx.timeoutMs) : down;
      const pingMs = subscription.drainPing();
      await subscription.leave(signal);
      // A session that could not listen to its end has failed, however fresh the data was until then.
      const verdict =
        cause !== null && tape.rejected === null
          ? cause
          : judgeFeed(spec, { report, view, rejected: tape.rejected, down: cause, waitedMs });
      const { connectMs } = dialled;
      return observation(verdict, dialled.phases, report, { connectMs, firstTickMs, pingMs, newestAgeMs: view.ageMs });
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
