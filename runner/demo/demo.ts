/**
 * The demo: a practice venue, a fault proxy and the runner that production runs. Nothing is scripted but the faults: the
 * director turns knobs of the exchange and starts the game-day that is owed; colours, detection and verdicts are found.
 */
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { startSandbox } from '../../sandbox/start.ts';
import { spawnToxiproxy } from '../../scenarios/toxiproxy/spawn.ts';
import { makeFolder } from '../../probes/folder.ts';
import { lastMoment, wholeSteps } from '../../slo/ranges.ts';
import type { LedgerEvent } from '../../store/store.ts';
import { findCauses } from '../../reports/causes.ts';
import { systemClock } from '../clock.ts';
import { openLedger } from '../commands/open.ts';
import { openRunner } from '../commands/open-runner.ts';
import { checkDocument } from '../config/load.ts';
import { startExport } from '../export.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { evaluateAll } from '../evaluation.ts';
import { writeGamedayReport, writeSlaReport } from '../reporting.ts';
import { direct, type Directed } from './director.ts';
import { DEMO_MIN_EVENTS, DEMO_SCALE, demoDocument, influxFrom, TOKEN_VARIABLE } from './document.ts';
import { eventText, missesText } from './lines.ts';
import { openScreen } from './screen.ts';

export interface DemoOptions {
  readonly io: Io;
  readonly folder: string;
  readonly seed: number;
}

/** The whole of it must be over in three minutes; what has not happened by then has failed. */
const LIMIT_MS = 170_000;
/** Many symbols, each slow: when one stalls, a few ticks are late, and the budget burns in small steps. */
const FEED = { ticksPerSecond: 400, symbols: 100 };

export async function playDemo({ io, folder, seed }: DemoOptions): Promise<number> {
  const startedMono = systemClock.monotonicMs();
  const startedMs = Math.round(systemClock.wallMs());
  using screen = openScreen(io, () => systemClock.monotonicMs() - startedMono);
  screen.say('pulsedrill demo: two exchanges, a venue, a fault proxy and the prober, each in a process of its own');
  screen.say(
    `practice time: policy time runs ${DEMO_SCALE} times faster (24 h pass in 144 s), and ${DEMO_MIN_EVENTS} events count as enough instead of 1,000`,
  );
  await freshFolder(folder);

  await using proxy = await spawnToxiproxy({ port: 0, seed });
  await using sandbox = await startSandbox({ seed, toxiproxyUrl: proxy.url, ...FEED });
  const loaded = checkDocument(
    { seed, ...demoDocument({ sandbox, toxiproxyUrl: proxy.url, folder, influx: influxFrom(io.env) }) },
    'demo',
    folder,
    { ...io.env, [TOKEN_VARIABLE]: sandbox.token },
  );
  if (!loaded.ok) throw new CommandError(loaded.lines.join('\n'), EXIT.usage);
  const { configuration } = loaded;
  screen.say(`venue ${sandbox.edgeUrl} (its page shows the positions), fault proxy ${proxy.url}`);

  await using store = await openLedger(configuration);
  await using exporter = startExport(configuration, store, (line) => screen.say(line));
  const over = new AbortController();
  const limit = AbortSignal.any([io.stop, AbortSignal.timeout(LIMIT_MS)]);
  const tell = (event: LedgerEvent): void => {
    const text = eventText(event);
    if (text !== null) screen.say(text);
  };
  await using runner = openRunner(configuration, store, io, {
    stop: over.signal,
    abandon: over.signal,
    tell,
    warn: (line) => screen.say(line),
  });
  const probing = runner.run();
  let directed: Directed = { missing: ['all of it'], journalPath: null };
  try {
    directed = await direct({ configuration, runner, store, sandbox, screen, folder, io, signal: limit });
  } finally {
    // The reports are drawn once nothing is measured any more: drawing would hold up the runs.
    over.abort();
    await probing;
  }
  if (exporter !== null) {
    const lag = await exporter.flush(AbortSignal.timeout(10_000));
    screen.say(
      lag.total === 0
        ? 'InfluxDB has every point'
        : `${lag.total} rows still wait for InfluxDB; they are in the ledger`,
    );
  }
  if (io.stop.aborted) return EXIT.interrupted;
  if (directed.journalPath === null || directed.missing.length > 0) {
    screen.say(`the loop did not close; what is missing: ${directed.missing.join('; ')}`);
    return EXIT.failed;
  }
  const { base } = configuration;
  const range = wholeSteps(base, { fromMs: startedMs, toMs: Math.round(systemClock.wallMs()) });
  const statuses = await evaluateAll(store, configuration.objectives, { base, nowMs: lastMoment(range.toMs) });
  const [sla = folder] = await writeSlaReport({ configuration, store, statuses, ...range, folder });
  const [gameday = folder] = await writeGamedayReport({
    configuration,
    ledger: () => Promise.resolve({ store, statuses }),
    journalPath: directed.journalPath,
    folder,
  });
  screen.say('the loop closed: a burning budget raised the sampling, obliged a game-day, and left evidence:');
  const remark = missesText(await findCauses(store, statuses, { base, ...range }));
  if (remark !== null) screen.say(remark);
  const shown = (path: string): string => relative(io.folder, path);
  io.print('');
  io.print(`  SLA evidence     ${shown(sla)}`);
  io.print(`  game-day report  ${shown(gameday)}`);
  io.print(`  charts           ${shown(join(folder, '*.svg'))}`);
  io.print(`  journal          ${shown(directed.journalPath)}`);
  io.print(`  ledger           ${shown(configuration.ledgerPath)}`);
  return EXIT.ok;
}

/** What an earlier demo left would mix with this one. */
async function freshFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
    makeFolder(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CommandError(
      `${folder}: expected a folder to write into, got ${code}; --out names another`,
      EXIT.prober,
      {
        cause: error,
      },
    );
  }
}
