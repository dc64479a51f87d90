/** Whether each source of telemetry answers what is bound to it, asked for the last settled step. */
import type { Clock } from '../../probes/probe.ts';
import type { BoundQuery, Configuration, PlannedSource } from '../config/configuration.ts';
import { countStep, type Counted } from '../telemetry/counted.ts';
import { openSource } from '../telemetry/kinds.ts';
import { askFor } from '../telemetry/poller.ts';
import type { TelemetrySource } from '../telemetry/source.ts';
import { settledMs } from '../telemetry/steps.ts';
import { ok, type Finding } from './finding.ts';
import { reach } from './reach.ts';

export async function checkSources(
  { sources, redact }: Configuration,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const found = (await Promise.all(sources.map((each) => checkSource(each, clock, signal)))).flat();
  return found.map((finding) => ({ ...finding, found: redact(finding.found) }));
}

async function checkSource({ spec, bound }: PlannedSource, clock: Clock, signal: AbortSignal) {
  const check = `source ${spec.id}`;
  const { ms, why } = await reach(spec.url, spec.ca, clock);
  if (why !== null) {
    const mend = 'what it feeds becomes Unknown: look at its url and the network';
    return [{ check, verdict: 'fail', found: why, mend } satisfies Finding];
  }
  const reached = ok(check, `${spec.kind} reached in ${(ms ?? 0).toFixed(0)} ms`);
  await using source = openSource(spec);
  const nowMs = Math.round(clock.wallMs());
  return [
    reached,
    ...(await Promise.all(
      bound.map((each) => {
        const endMs = settledMs({ nowMs, stepMs: each.stepMs, lagMs: spec.lag, catchUpMs: 0 });
        return checkQuery(source, each, endMs - each.stepMs, signal);
      }),
    )),
  ];
}

async function checkQuery(
  source: TelemetrySource,
  bound: BoundQuery,
  startMs: number,
  signal: AbortSignal,
): Promise<Finding> {
  const check = `source ${source.id}, ${bound.objective}`;
  const { stepMs } = bound;
  const answers = await askFor(source, bound, { fromMs: startMs, toMs: startMs + stepMs, stepMs }, signal);
  if (typeof answers === 'string') {
    return { check, verdict: 'fail', found: answers, mend: 'docs/telemetry.md says what a query must answer' };
  }
  const counted = countStep(answers, startMs);
  const step = `the step from ${new Date(startMs).toISOString()}`;
  if (counted.type === 'none') {
    const mend = 'ask the source itself; without samples for long the row is Unknown';
    return { check, verdict: counted.why === 'no samples' ? 'warn' : 'fail', found: `${counted.why} in ${step}`, mend };
  }
  const found = `${countsText(counted)} in ${step}`;
  if (counted.remark === null) return ok(check, found);
  return { check, verdict: 'warn', found, mend: counted.remark };
}

function countsText({ readings }: Extract<Counted, { type: 'counted' }>): string {
  return readings
    .map((reading) => {
      const of = reading.split === '' ? '' : ` of ${reading.split}`;
      if (reading.type === 'median') return `a median of ${reading.ms} ms${of}`;
      return `${reading.good} good of ${reading.valid} valid${of}`;
    })
    .join(', ');
}
