import { deadline } from '../deadline.ts';
import type { ProbeEnvironment } from '../kind.ts';
import { cut, GOOD, type Verdict } from '../network.ts';
import { NO_PHASES, type Leg, type Observation, type Probe, type Reading, type RunContext } from '../probe.ts';
import { ask, maskNow, masked, prepare, type Asked, type Asking, type Prepared, type Sent } from './ask.ts';
import { missingOf, questionsOf } from './draft.ts';
import { Dialling, Lines } from './lines.ts';
import { shownUrl } from './redirect.ts';
import type { HttpSpec } from './spec.ts';
import { maskOf, type Mask } from './template.ts';

/**
 * What a fresh connection is made with weighs some KB and serves the next run as well, unless that is long in coming:
 * thousands of probes that ask once a minute would hold a hundred MB to save a few microseconds each.
 */
const OFTEN_MS = 10_000;

/**
 *     start ── DNS ── TCP ── TLS ── request sent ── first byte ── last byte
 *     └────────────────────────── latency ─────────────────────────────┘
 *
 * One request a run, or a list of steps, each on a fresh connection unless `keepAlive`; redirects are answers unless they
 * are asked for; nothing is retried. Steps for cleaning up run whatever happened, in time that is kept back for them.
 */
export function openHttp(spec: HttpSpec, environment: ProbeEnvironment): Probe {
  const dialling = new Dialling(spec);
  const steps = questionsOf(spec).map((question) => prepare(question, spec));
  const cleanup = (spec.cleanup ?? []).map((question) => prepare(question, spec));
  const redact = maskOf(environment.artefacts?.secrets ?? [], (text) => text);
  const credentials = credentialsOf(spec);
  /** The lines that the next run may use. A run takes them away while it asks, and a failed one does not bring them back. */
  let idle: Lines | null = null;
  let lastMs = -Infinity;

  return {
    async run(ctx) {
      const lines = idle ?? new Lines(dialling, environment.clock);
      idle = null;
      const nowMs = environment.clock.monotonicMs();
      const isKept = spec.keepAlive || nowMs - lastMs < OFTEN_MS;
      lastMs = nowMs;
      const asking = begin(spec, lines, redact, credentials, ctx);
      const asked = cleanup.length === 0 ? await walk(steps, asking) : await walkAndClean(steps, cleanup, asking, ctx);
      const failed = asking.sent.some(({ answer }) => answer.failure !== null);
      if (!failed && isKept && idle === null) idle = lines;
      else await lines.destroy();
      return observe(asked, asking, ctx.verbose);
    },
    async close() {
      await idle?.destroy();
      idle = null;
    },
  };
}

function begin(spec: HttpSpec, lines: Lines, redact: Mask, credentials: Asking['secrets'], ctx: RunContext): Asking {
  return {
    spec,
    lines,
    ctx,
    redact,
    values: new Map(),
    secrets: [...credentials],
    sent: [],
    transcript: [],
  };
}

/** What is made of secrets, and so is not known to whoever masks the configuration's own. */
function credentialsOf({ auth, steps = [], cleanup = [] }: HttpSpec): [string, string][] {
  return [{ auth }, ...steps, ...cleanup].flatMap(({ auth: own }): [string, string][] => {
    if (own?.basic === undefined) return [];
    const { username, password } = own.basic;
    const encoded = Buffer.from(`${username}:${password}`).toString('base64');
    return [
      [encoded, '{basic}'],
      [password, '{password}'],
    ];
  });
}

interface Walked {
  readonly verdict: Verdict;
  readonly last: Asked | null;
  /** Null when the walk did not come to its end. */
  readonly ms: number | null;
  /** Each step's own time, by its name. */
  readonly times: Readonly<Record<string, number | null>>;
}

async function walk(steps: readonly Prepared[], asking: Asking): Promise<Walked> {
  const times: Record<string, number | null> = {};
  let last: Asked | null = null;
  let ms = 0;
  for (const [index, step] of steps.entries()) {
    last = await ask(step, asking);
    const { name } = step.question;
    if (name !== null) times[`step:${name}`] = last.ms;
    const { outcome } = last.verdict;
    if (outcome !== 'good') {
      // An answer that came and was wrong took its time; a walk that stops half-way never ended.
      const whole = index === steps.length - 1 && last.ms !== null ? ms + last.ms : null;
      return { verdict: called(name, last.verdict), last, ms: whole, times };
    }
    ms += last.ms ?? 0;
  }
  return { verdict: GOOD, last, ms, times };
}

function called(name: string | null, verdict: Verdict): Verdict {
  if (name === null || verdict.detail === null) return verdict;
  return { ...verdict, detail: cut(`${name}: ${verdict.detail}`) };
}

/** Of the timeout, when nobody says how much. */
const RESERVE_SHARE = 0.2;

async function walkAndClean(
  steps: readonly Prepared[],
  cleanup: readonly Prepared[],
  asking: Asking,
  ctx: RunContext,
): Promise<Walked> {
  const { clock, timeoutMs, verbose } = ctx;
  const reserveMs = Math.min(asking.spec.reserve ?? timeoutMs * RESERVE_SHARE, timeoutMs / 2);
  const walked = await within(timeoutMs - reserveMs, ctx.signal, (signal, ms) =>
    walk(steps, { ...asking, ctx: { clock, verbose, signal, timeoutMs: ms } }),
  );
  // Not the run's signal: that it is aborted is one of the reasons to clean up.
  return await within(reserveMs, new AbortController().signal, async (signal, ms) => {
    const own: Asking = { ...asking, ctx: { clock, verbose, signal, timeoutMs: ms } };
    const times: Record<string, number | null> = { ...walked.times };
    let { verdict } = walked;
    for (const step of cleanup) {
      const { question } = step;
      // What was never there need not be cleaned up.
      if (missingOf(question, asking.spec, asking.values).some((name) => isCapturable(name, asking.spec))) continue;
      const cleaned = await ask(step, own);
      times[`cleanup:${question.name}`] = cleaned.ms;
      const isWorse = cleaned.verdict.outcome === 'bad' || cleaned.verdict.outcome === 'fault';
      if (verdict.outcome === 'good' && isWorse) verdict = called(`cleanup ${question.name}`, cleaned.verdict);
    }
    return { ...walked, verdict, times };
  });

  async function within<T>(ms: number, parent: AbortSignal, work: (signal: AbortSignal, ms: number) => Promise<T>) {
    using limit = deadline(clock, ms, parent);
    return await work(limit.signal, ms);
  }
}

function isCapturable(name: string, { steps = [], cleanup = [] }: HttpSpec): boolean {
  return [...steps, ...cleanup].some(({ capture }) => Object.hasOwn(capture, name));
}

function observe({ verdict, last, ms, times }: Walked, asking: Asking, verbose: boolean): Observation {
  const { sent, spec } = asking;
  const { outcome } = verdict;
  const latency: Reading = { type: 'duration', indicator: 'latency', ms };
  const answer = last?.answer ?? null;
  const isJourney = spec.steps !== undefined || spec.redirects > 0;
  const mask = isJourney || verbose ? maskNow(asking) : asking.redact;
  const { reason, detail } = isJourney ? masked(verdict, mask) : verdict;
  const seen: Observation = {
    outcome,
    reason,
    detail,
    phases: answer?.phases ?? NO_PHASES,
    // A run that we spoiled ourselves measured nothing.
    readings: outcome === 'fault' ? [] : [latency],
    values: {
      status: answer?.status ?? null,
      bytes: total(sent, 'bytes'),
      bodyBytes: last?.bodyBytes ?? null,
      connections: total(sent, 'connections'),
      requests: total(sent, 'requests'),
      httpVersion: answer?.httpVersion ?? null,
      addressFamily: answer?.addressFamily ?? null,
      ...(last?.certificateDays == null ? {} : { certificateDays: last.certificateDays }),
      ...times,
    },
    ...(isJourney ? { trail: sent.map((one) => legOf(one, mask)) } : {}),
  };
  return verbose ? { ...seen, transcript: asking.transcript.map(mask) } : seen;
}

function total(sent: readonly Sent[], count: 'bytes' | 'connections' | 'requests'): number {
  return sent.reduce((sum, { answer }) => sum + answer[count], 0);
}

function legOf({ name, url, answer }: Sent, mask: Mask): Leg {
  return { name, url: mask(shownUrl(url)), status: answer.status, ms: answer.latencyMs };
}
