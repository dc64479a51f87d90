/** Whether the notifiers can be reached, without telling anybody anything; or, when asked to, by telling everybody. */
import type { Clock } from '../../probes/probe.ts';
import type { Notice } from '../alerts/alert.ts';
import { postsOf } from '../alerts/notifiers/kinds.ts';
import type { Configuration } from '../config/configuration.ts';
import { ok, type Finding } from './finding.ts';
import { reach } from './reach.ts';

export async function checkNotifiers({ notify }: Configuration, clock: Clock): Promise<readonly Finding[]> {
  return Promise.all(
    notify.map(async (document): Promise<Finding> => {
      const check = `notifier ${document.name}`;
      if (!('url' in document)) return ok(check, 'writes to the log');
      const { ms, why } = await reach(document.url, undefined, clock);
      if (why === null)
        return ok(check, `${document.kind} reached in ${(ms ?? 0).toFixed(0)} ms; "doctor --notify" sends it a test`);
      return { check, verdict: 'fail', found: why, mend: 'nobody is told through it: look at its url and the network' };
    }),
  );
}

const ATTEMPT_MS = 10_000;

/** One notice each that says that it is a test, whatever the notifier's route, and its end. */
export async function tryNotifiers(
  configuration: Configuration,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { notify, location, environment, redact } = configuration;
  const source = `${location} (${environment})`;
  const posts = postsOf({ documents: notify, source, clock, write: () => undefined });
  const atMs = Math.round(clock.wallMs());
  const test: Notice = {
    type: 'firing',
    dedupeKey: `doctor@${atMs.toString(36)}`,
    severity: 'SEV-3',
    as: 'ticket',
    service: null,
    objective: null,
    summary: `a test of pulsedrill at ${source}: nothing is wrong`,
    details: { rule: 'test', opened: new Date(atMs).toISOString() },
    atMs,
    to: 'on-call',
    incident: null,
  };
  return Promise.all(
    posts.map(async ({ notifier }): Promise<Finding> => {
      const check = `notifier ${notifier.name}`;
      for (const type of ['firing', 'resolved'] as const) {
        const told = await notifier.notify(
          { ...test, type },
          AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_MS)]),
        );
        if (!told.ok)
          return { check, verdict: 'fail', found: redact(told.reason), mend: 'look at its url and its secret' };
      }
      return ok(check, 'took a test notice and its end');
    }),
  );
}
