import { join } from 'node:path';
import type { Browser } from 'playwright';
import type { ProbeEnvironment } from '../kind.ts';
import { cut, fault, isTimeout, type Verdict } from '../network.ts';
import { NO_PHASES, type Observation, type Probe, type RunContext } from '../probe.ts';
import { fileName } from './artefacts.ts';
import { whenAborted } from './bounded.ts';
import { isBrowser, leaseBrowser } from './browsers.ts';
import { createEvidence } from './evidence.ts';
import { redactor } from './redaction.ts';
import type { BrowserSpec } from './spec.ts';
import { startTrace } from './trace.ts';
import { openRoom, walk, type Room, type Walked } from './walk.ts';

/**
 * Walks through pages as a user's browser does. One browser for all probes, started outside the clock; a fresh context for
 * each run, which lives on after a failure until its picture has been taken.
 */
export function openBrowser(spec: BrowserSpec, environment: ProbeEnvironment): Probe {
  const { artefacts } = environment;
  const lease = leaseBrowser(spec.executable, environment);
  const redact = redactor(artefacts?.secrets ?? new Map());
  const evidence = createEvidence(spec, environment, redact, (browser) => lease.discard(browser));

  async function enter(browser: Browser, ctx: RunContext): Promise<Room | Verdict> {
    const beganMs = ctx.clock.monotonicMs();
    const opening = openRoom(browser, spec).then(async (room) => {
      if (spec.artefacts.trace === 'always' && artefacts !== undefined) await startTrace(room.context);
      return room;
    });
    try {
      return await Promise.race([opening, whenAborted(ctx.signal)]);
    } catch (error) {
      void opening.then((late) => late[Symbol.asyncDispose]()).catch(() => undefined);
      if (!ctx.signal.aborted) {
        lease.discard(browser);
        return fault('browser-failed', `the browser gave no page: ${firstLine(error)}`);
      }
      // Most of the allowance went by without a page: it is not the start of the browser that took so long.
      if (ctx.clock.monotonicMs() - beganMs > ctx.timeoutMs / 2) lease.discard(browser);
      return notReady(ctx);
    }
  }

  return {
    async run(ctx) {
      await evidence.makeWay();
      const browser = await lease.browser(ctx.signal).catch(() => notReady(ctx));
      const room = isBrowser(browser) ? await enter(browser, ctx) : browser;
      if (!('page' in room)) return observation(room, null, {});
      const measuredSinceMs = ctx.clock.monotonicMs();
      const walked = await walk(room, spec, ctx, redact);
      evidence.take(room, walked.verdict.outcome === 'bad', ctx);
      const { verdict, latencyMs, values } = walked;
      return {
        ...observation(verdict, latencyMs, { ...values, lostArtefacts: evidence.lost() }),
        measuredSinceMs,
        ...(ctx.verbose ? { transcript: transcriptOf(walked, ctx) } : {}),
      };
    },
    async close() {
      await evidence.settle();
      await lease.release();
    },
  };

  function transcriptOf({ lines, verdict }: Walked, ctx: RunContext): readonly string[] {
    if (artefacts === undefined || verdict.outcome !== 'bad') return lines;
    return [...lines, `kept, where it could be had: ${join(artefacts.folder, spec.id, fileName(ctx.runId))}.*`];
  }
}

function firstLine(error: unknown): string {
  return cut(String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '');
}

function notReady(ctx: RunContext): Verdict {
  return isTimeout(ctx.signal.reason)
    ? fault('browser-failed', `the browser was not ready within ${ctx.timeoutMs} ms`)
    : fault('aborted', 'the run was stopped before it ended');
}

function observation(
  verdict: Verdict,
  latencyMs: number | null,
  values: Readonly<Record<string, number | null>>,
): Observation {
  const counted = verdict.outcome === 'good' || verdict.outcome === 'bad';
  return {
    ...verdict,
    phases: NO_PHASES,
    readings: counted ? [{ type: 'duration', indicator: 'latency', ms: latencyMs }] : [],
    values,
  };
}
