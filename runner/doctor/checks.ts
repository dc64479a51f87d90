/** What `doctor` looks at. Nothing is changed, no order is sent, no page is opened. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findBrowser, isExecutable } from '../../probes/browser/executable.ts';
import { readTracking } from '../../probes/clock/chrony.ts';
import { limitsOf } from '../../probes/clock/spec.ts';
import { standingOf, type ClockState } from '../../probes/clock/standing.ts';
import type { Clock } from '../../probes/probe.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { watchLoop } from '../engine/loop-watch.ts';
import { ok, type Finding } from './finding.ts';
import { reach } from './reach.ts';

const VERDICT_OF: Readonly<Record<ClockState, Finding['verdict']>> = {
  good: 'ok',
  warning: 'warn',
  severe: 'fail',
  quarantine: 'fail',
  unverified: 'unknown',
};

/** @param path value of PATH */
export async function checkClock(clock: Configuration['clock'], path: string, signal: AbortSignal): Promise<Finding> {
  const { state, text } = standingOf(await readTracking({ command: clock.command, path, signal }), limitsOf(clock));
  return {
    check: 'clock',
    verdict: VERDICT_OF[state],
    found: text,
    mend: state === 'good' ? null : 'freshness is only as good as this clock: let chronyd follow a good source',
  };
}

const LOOP_MS = 1000;
/** The tolerance of a probe that has no strict threshold. */
const LOOP_TOLERANCE_MS = 2;

/** How late an idle event loop of this process runs, over a second. */
export async function checkLoop(clock: Clock, toleranceMs: number | null, signal: AbortSignal): Promise<Finding> {
  using loop = watchLoop(() => clock.monotonicMs());
  const fromMs = clock.monotonicMs();
  await clock.sleep(LOOP_MS, signal);
  const worstMs = loop.maxSince(fromMs);
  const limitMs = toleranceMs ?? LOOP_TOLERANCE_MS;
  const found = `at most ${worstMs.toFixed(1)} ms late within ${LOOP_MS} ms, doing nothing`;
  if (worstMs <= limitMs) return ok('event loop', found);
  return {
    check: 'event loop',
    verdict: 'warn',
    found: `${found}; tolerated: ${limitMs} ms`,
    mend: 'runs that are held up longer are the prober’s fault and lower coverage: give the process a core of its own',
  };
}

export async function checkLedger({ ledgerPath }: Configuration): Promise<Finding> {
  const check = `ledger ${ledgerPath}`;
  const exists = await stat(ledgerPath).then(
    (found) => found,
    () => null,
  );
  const place = exists === null ? await nearestFolder(dirname(ledgerPath)) : ledgerPath;
  try {
    await access(place, constants.R_OK | constants.W_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      check,
      verdict: 'fail',
      found: why,
      mend: `make ${place} writable, or name another place in store.ledger`,
    };
  }
  if (exists === null) return ok(check, 'not there yet; it can be made');
  if (exists.isFile()) return ok(check, `${exists.size} bytes, writable`);
  return { check, verdict: 'fail', found: 'not a file', mend: 'name another place in store.ledger' };
}

async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found !== null || dirname(at) === at) return at;
  }
}

const ASK_MS = 5000;

/** Asks `url` and expects any answer below 400. */
export async function checkAnswer(check: string, url: URL, mend: string, signal: AbortSignal): Promise<Finding> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]) });
    await response.body?.cancel();
    if (response.status < 400) return ok(check, `answers, status ${response.status}`);
    return { check, verdict: 'fail', found: `${url.pathname} answers with status ${response.status}`, mend };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { check, verdict: 'fail', found: cause instanceof Error ? cause.message : String(cause), mend };
  }
}

export async function checkInjectors({ gamedays }: Configuration, signal: AbortSignal): Promise<readonly Finding[]> {
  return Promise.all(
    gamedays.injectors
      .flatMap((spec) => (spec.kind === 'toxiproxy' ? [spec] : []))
      .map(({ kind, url }) =>
        checkAnswer(
          `fault proxy ${url}`,
          new URL('version', url.endsWith('/') ? url : `${url}/`),
          `no game-day can inject by ${kind}; "pulsedrill toxiproxy" starts one`,
          signal,
        ),
      ),
  );
}

/** Only where a probe needs one. */
export async function checkBrowser({ probes }: Configuration, path: string): Promise<readonly Finding[]> {
  const asked = probes.find((probe) => probe.kind === 'browser');
  if (asked === undefined) return [];
  const own = asked.spec.kind === 'browser' ? asked.spec.executable : undefined;
  const { chromium } = await import('playwright');
  const found = own ?? (await findBrowser(path, chromium.executablePath()));
  if (found !== null && (await isExecutable(found))) return [ok('browser', found)];
  const why = found === null ? 'no browser on this machine' : `${found}: not a program`;
  const mend = 'apt-get install chromium, or npx playwright install chromium';
  return [{ check: 'browser', verdict: 'fail', found: why, mend }];
}

/** Every origin that the probes ask, each once, with the probes that do. */
export async function checkTargets({ probes }: Configuration, clock: Clock): Promise<readonly Finding[]> {
  const targets = new Map<string, { url: string; ca: string | undefined; probes: string[] }>();
  for (const probe of probes) {
    for (const url of urlsIn(probe.spec)) {
      const { origin, protocol, host } = new URL(url);
      // An address such as ws://… has no origin of its own.
      const place = origin === 'null' ? `${protocol}//${host}` : origin;
      const target = targets.get(place) ?? { url, ca: caOf(probe), probes: [] };
      if (!target.probes.includes(probe.id)) target.probes.push(probe.id);
      targets.set(place, target);
    }
  }
  return Promise.all(
    [...targets].map(async ([place, target]): Promise<Finding> => {
      const check = `target ${place}`;
      const { ms, why } = await reach(target.url, target.ca, clock);
      if (ms !== null) return ok(check, `connected in ${ms.toFixed(1)} ms (${target.probes.join(', ')})`);
      return { check, verdict: 'fail', found: `${why} (${target.probes.join(', ')})`, mend: null };
    }),
  );
}

function caOf({ spec }: PlannedProbe): string | undefined {
  return 'ca' in spec ? spec.ca : undefined;
}

/** The values of every key `url` in a probe's configuration, wherever it stands. */
function urlsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'url' && typeof inner === 'string' && URL.canParse(inner) ? [inner] : urlsIn(inner),
  );
}
