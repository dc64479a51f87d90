import process from 'node:process';
import { pino } from 'pino';
import { startExport } from '../export.ts';
import { systemClock } from '../clock.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';
import { loadPlans, loadScenarios } from '../found-scenarios.ts';
import { recoverGamedays } from '../gamedays.ts';
import { reviewPlans } from '../review-calendar.ts';
import { reviewWriter } from '../review-writer.ts';
import { attempter } from '../scheduled/attempt.ts';
import { createLagWatch } from '../lag-watch.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { startStatusServer } from '../status-server.ts';
import { openConfiguration, openLedger } from './open.ts';
import { openRunner } from './open-runner.ts';
import { startUpkeep } from '../upkeep.ts';
import { openShared } from './read.ts';
import { createProbeLog } from '../probe-log.ts';
import { incidentLine, isIncidentTrouble } from '../incidents/lines.ts';
import { cursorsOf } from '../../store/influx/lag.ts';
import { holdLedger } from '../../store/lease.ts';
import { changedOf } from '../../store/target-records.ts';
import type { LedgerEvent } from '../../store/store.ts';

/** How long runs in flight may take to end once the process was asked to stop. */
const DRAIN_MS = 30_000;

export const run: Command = {
  name: 'run',
  describe: 'The scheduler, until interrupted',
  example: ['run', 'SIGTERM lets runs in flight end, flushes, cancels open paper orders, exits 0'],
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    // A scenario that cannot be run is found now, not on the day it is owed.
    const { lines } = await loadScenarios(configuration, io.env);
    const scheduled = await loadPlans(configuration, io.env);
    const wrong = [...lines, ...scheduled.lines];
    if (wrong.length > 0) throw new CommandError(wrong.join('\n'), EXIT.usage);
    const log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: 2, sync: true }),
    );
    const warn = (line: string): void => log.warn(configuration.redact(line));

    using lease = holdLedger(configuration.ledgerPath, {
      pid: process.pid,
      location: configuration.location,
      startedMs: Math.round(systemClock.wallMs()),
    });
    const recovered = await recoverGamedays(configuration, io.stop, io.env['PATH'] ?? '');
    for (const line of recovered.lines) warn(line);

    await using store = await openLedger(configuration);
    for (const notice of store.notices) warn(notice);
    const abandon = new AbortController();
    let drain: NodeJS.Timeout | undefined;
    io.stop.addEventListener('abort', () => {
      drain = setTimeout(() => abandon.abort(io.stop.reason), DRAIN_MS);
    });
    const tell = (event: LedgerEvent): void => {
      const level = isTrouble(event) ? 'warn' : 'info';
      log[level]({ kind: event.kind, service: event.service, subject: event.subject, ...event.body }, said(event));
    };
    const hear = createProbeLog(systemClock, ({ level, kind, probe, service, fields, text }) => {
      log[level]({ kind, probe, service, ...fields }, configuration.redact(text));
    });
    const own = {
      main: process.argv[1] ?? '',
      execPath: process.execPath,
      execArgv: process.execArgv,
      env: io.env,
      folder: io.folder,
      config: args.text('config'),
    };
    const lineOf =
      (kind: string) =>
      (line: string): void =>
        log.info({ kind }, configuration.redact(line));
    const attempt = attempter({ ...own, onLine: lineOf('gameday') });
    const calendar = { plans: scheduled.plans, attempt };
    const write = reviewWriter({ ...own, niceness: 10, onLine: lineOf('report') }, configuration.reports.formats);
    const reviews = { plans: reviewPlans(configuration), write };
    const metrics = createMetrics(configuration);
    const lag = createLagWatch(configuration, () => systemClock.wallMs());
    const sources = new Map([['influx', () => lag.conditions()]]);
    await using shared = await openShared(configuration, io.stop);
    const options = {
      ...(shared === null ? {} : { reader: shared }),
      sources,
      abandon: abandon.signal,
      tell,
      hear,
      stored: metrics.hear,
      warn,
      calendar,
      reviews,
      isHolder: true,
    };
    await using runner = openRunner(configuration, store, io, options);
    metrics.watch(runner, lag);
    await using status = await startStatusServer(configuration, runner, metrics, lag);
    await using exporter = startExport(configuration, store, warn);
    lag.watch(exporter);
    const atMs = Math.round(systemClock.wallMs());
    await runner.record({
      id: `started/${atMs}`,
      atMs,
      kind: 'runner-started',
      service: null,
      subject: configuration.location,
      body: {
        pid: lease.holder.pid,
        probes: configuration.probes.length,
        timeScale: configuration.base.scale,
        listen: status.address,
      },
    });
    const upkeep = startUpkeep({
      store,
      retention: configuration.retention,
      followers: configuration.influx === null ? [] : [cursorsOf(configuration.influx)],
      clock: systemClock,
      isTimeKnown: () => runner.clockStanding().state !== 'quarantine',
      say: (line) => log.info(line),
      warn,
    });
    try {
      await runner.run();
    } finally {
      clearTimeout(drain);
      await upkeep[Symbol.asyncDispose]();
    }
    const nowMs = Math.round(systemClock.wallMs());
    const left = await runner.sweep();
    if (left > 0) warn(`${left} paper orders could not be proven closed; the next run asks again`);
    await runner.record({
      id: `stopped/${nowMs}`,
      atMs: nowMs,
      kind: 'runner-stopped',
      service: null,
      subject: configuration.location,
      body: {},
    });
    await exporter?.flush(AbortSignal.timeout(5000));
    return io.stop.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
  },
};

function isTrouble({ kind, subject, body }: LedgerEvent): boolean {
  if (kind === 'alert') return body['type'] === 'opened' || body['type'] === 'worsened';
  if (kind === 'incident') return isIncidentTrouble(body);
  if (kind === 'source') return body['state'] === 'began';
  return kind === 'overload' && subject === 'began';
}

function said(event: LedgerEvent): string {
  const { body } = event;
  switch (event.kind) {
    case 'alert':
      return `alert ${String(body['type'])}: ${String(body['severity'])} ${String(body['says'])}`;
    case 'colour':
      return `${event.subject}: ${String(body['from'])} → ${String(body['to'])}`;
    case 'cadence':
      return `${event.subject}: sampling ${String(body['from'])} → ${String(body['to'])}`;
    case 'clock':
      return event.subject === 'jump'
        ? `clock: it jumped by ${String(body['byMs'])} ms`
        : `clock: ${String(body['to'])}: ${String(body['text'])}`;
    case 'gameday-schedule':
      return `game-day ${event.subject}: ${String(body['state'])}, ${String(body['for'])}`;
    case 'source':
      return body['state'] === 'began'
        ? `${event.subject}: source ${String(body['source'])}: ${String(body['reason'])}`
        : `${event.subject}: source ${String(body['source'])} is heard of again`;
    case 'target':
      return `${event.subject}: changed in the configuration: ${changedOf(body).join(', ')}`;
    case 'overload':
      return String(body['text']);
    case 'burn-rates':
      return `burn rates of the hour from ${String(body['hour'])}`;
    case 'review-item':
      return `review ${String(body['of'])}: ${String(body['why'] ?? body['state'])}`;
    case 'incident':
      return incidentLine(event);
    default:
      return `${event.kind}: ${event.subject}`;
  }
}
