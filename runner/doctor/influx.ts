/** Whether InfluxDB answers and takes what is written, how far it is behind the ledger, and whether it can be read where it is to be. */
import { existsSync } from 'node:fs';
import { durationText } from '../../probes/duration.ts';
import { count, span } from '../../reports/figures.ts';
import { seriesBound } from '../../store/influx/cardinality.ts';
import { InfluxError } from '../../store/influx/influx-error.ts';
import { lagOf } from '../../store/influx/lag.ts';
import { createInfluxQuery } from '../../store/influx/query.ts';
import { LedgerError } from '../../store/ledger-error.ts';
import { openStore } from '../../store/open.ts';
import type { Configuration, PlannedProbe } from '../config/configuration.ts';
import { checkAnswer } from './checks.ts';
import { ok, type Finding } from './finding.ts';
import { checkWriting } from './influx-writing.ts';

export async function checkInflux(
  configuration: Configuration,
  nowMs: number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { influx } = configuration;
  if (influx === null) return [];
  const base = influx.url.endsWith('/') ? influx.url : `${influx.url}/`;
  const check = `InfluxDB ${new URL(base).origin}`;
  const mend = 'results wait in the ledger until it answers; see store.influx.url';
  // `/ping` is what 1.x, 2.x and 3.x have in common.
  const answer = await checkAnswer(check, new URL('ping', base), mend, signal);
  // What does not answer at all is said once.
  const writing = answer.verdict === 'ok' ? [await checkWriting(influx, signal)] : [];
  const more = [...writing, await checkLag(configuration, influx, nowMs)];
  if (configuration.readsInflux !== null) more.push(await checkReading(influx, signal));
  return [answer, ...more];
}

type Influx = NonNullable<Configuration['influx']>;

async function checkLag(configuration: Configuration, influx: Influx, nowMs: number): Promise<Finding> {
  const check = 'InfluxDB lag';
  const { total } = seriesBound({
    probes: configuration.probes.map(({ id, service, endpoint, venue }: PlannedProbe) => ({
      id,
      service,
      endpoint,
      venue,
    })),
    objectives: configuration.objectives,
    services: Object.keys(configuration.services),
  });
  const series = `at most ${count(total)} series from ${configuration.location}`;
  if (!existsSync(configuration.ledgerPath)) return ok(check, `nothing to ship yet; ${series}`);
  try {
    await using store = await openStore({ path: configuration.ledgerPath, readOnly: true });
    const lag = await lagOf(store.outbox, influx);
    if (lag.total === 0) return ok(check, `it has everything; ${series}`);
    const ageMs = lag.oldestMs === null ? null : Math.max(0, nowMs - lag.oldestMs);
    const found = `${count(lag.total)} rows wait${ageMs === null ? '' : `, the oldest for ${span(ageMs)}`}; ${series}`;
    if (ageMs === null || ageMs <= influx.lagAlert) return ok(check, found);
    const mend = `more than store.influx.lagAlert (${durationText(influx.lagAlert)}): they are shipped while "pulsedrill run" runs and InfluxDB answers`;
    return { check, verdict: 'warn', found, mend };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { check, verdict: 'unknown', found: error.message, mend: error.mend };
  }
}

/** One question, as evaluations and reports ask it. */
async function checkReading(influx: Influx, signal: AbortSignal): Promise<Finding> {
  const check = 'InfluxDB reading';
  await using query = createInfluxQuery(influx, signal);
  try {
    const locations: string[] = [];
    for await (const { values } of query.ask('SHOW TAG VALUES FROM pulsedrill_tally WITH KEY = "location"')) {
      for (const row of values) locations.push(String(row.at(-1)));
    }
    if (locations.length > 0) return ok(check, `locations that have shipped: ${locations.toSorted().join(', ')}`);
    const mend = 'nothing was shipped there yet: evaluations find nothing until something is';
    return { check, verdict: 'warn', found: 'no tallies', mend };
  } catch (error) {
    if (!(error instanceof InfluxError)) throw error;
    return { check, verdict: 'fail', found: error.message, mend: 'or take store.read out of the configuration' };
  }
}
