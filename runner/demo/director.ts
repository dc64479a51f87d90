/** Who turns the knobs. Waits for what the runner finds, never for what it should have found. */
import type { Sandbox } from '../../sandbox/start.ts';
import { systemClock } from '../clock.ts';
import type { Configuration } from '../config/configuration.ts';
import { consumedText } from '../figures.ts';
import { entryText } from '../gameday-text.ts';
import { conductGameday, needScenario } from '../gamedays.ts';
import type { Io } from '../io.ts';
import type { Runner } from '../runner.ts';
import { countRuns, perMinute, type Counter } from './rates.ts';
import type { Row, Screen } from './screen.ts';

/** Something the demo is there to show. */
export interface Chapter {
  readonly what: string;
  readonly done: boolean;
}

export interface Stage {
  readonly configuration: Configuration;
  readonly runner: Runner;
  readonly sandbox: Sandbox;
  readonly screen: Screen;
  readonly folder: string;
  readonly io: Io;
  readonly signal: AbortSignal;
}

const SERVICE = 'market-data';
const SESSION_PROBE = 'ticks-session';
/** Long enough for the session probe to show its Green rate. */
const GREEN_MS = 19_000;
/** Long enough for it to show its raised rate. */
const YELLOW_MS = 10_000;

/** Now and then one symbol's ticks are held: a few late ticks each time. */
const STALLS = { symbolStall: { everyMs: 3000, forMs: 2000, symbols: 1 } };
const WORSE = { symbolStall: { everyMs: 3000, forMs: 2500, symbols: 4 } };
const CALM = { symbolStall: null };

export interface Directed {
  readonly chapters: readonly Chapter[];
  /** Of the game-day; null when it did not come to it. */
  readonly journalPath: string | null;
}

export async function direct(stage: Stage): Promise<Directed> {
  const { runner, screen, signal, configuration, sandbox } = stage;
  const chapters: { what: string; done: boolean }[] = [
    'market-data was Green',
    'market-data turned Yellow',
    'its sampling rose, that of the Green ones did not',
    'market-data turned Red',
    'a game-day obligation was opened',
    'the game-day passed and its fault is undone',
    'the obligation was met',
  ].map((what) => ({ what, done: false }));
  const finish = (index: number, done: boolean): boolean => {
    const chapter = chapters[index];
    if (chapter !== undefined) chapter.done = done;
    return done;
  };
  using stack = new DisposableStack();
  const counter = stack.use(countRuns(runner.witness, signal));
  stack.use(refresh(stage, counter));
  const until = async (holds: () => boolean): Promise<boolean> => {
    while (!holds() && !signal.aborted) await pause(200, signal);
    return holds();
  };

  const services = [...new Set(configuration.probes.map((probe) => probe.service))];
  await pause(GREEN_MS, signal);
  if (!finish(0, await until(() => runner.colour(SERVICE) === 'green'))) return { chapters, journalPath: null };
  screen.say(`budgets: ${services.map((service) => `${service} ${runner.colour(service).toUpperCase()}`).join(', ')}`);
  const greenRates = counter.rates();

  screen.say('now and then the primary feed begins to stall: single symbols, for two seconds');
  await turn(sandbox.controls.primary, STALLS, signal);
  if (!finish(1, await until(() => runner.colour(SERVICE) === 'yellow'))) return { chapters, journalPath: null };
  counter.reset();
  await pause(YELLOW_MS, signal);
  await until(() => counter.runs(SESSION_PROBE) >= 4);
  const raised = counter.rates();
  finish(2, sayRates(stage, greenRates, raised));

  screen.say('the stalls get worse');
  await turn(sandbox.controls.primary, WORSE, signal);
  const turnedRed = await until(() => runner.colour(SERVICE) === 'red');
  await turn(sandbox.controls.primary, CALM, signal);
  if (!finish(3, turnedRed)) return { chapters, journalPath: null };
  const owed = async () => (await runner.obligations()).find((each) => each.service === SERVICE);
  let obligation = await owed();
  while (obligation === undefined && !signal.aborted) {
    await pause(200, signal);
    obligation = await owed();
  }
  if (!finish(4, obligation !== undefined)) return { chapters, journalPath: null };

  screen.say('the stalls are over; the game-day that is owed begins');
  const scenario = await needScenario('feed-latency', { VENUE_URL: sandbox.edgeUrl }, stage.folder);
  const { outcome, journalPath } = await conductGameday({
    configuration,
    runner,
    scenario,
    mode: 'run',
    obligation: obligation?.id ?? null,
    signal,
    path: stage.io.env['PATH'] ?? '',
    onEntry: (entry) => {
      const text = entryText(entry);
      if (text !== null) screen.say(`  ${text}`);
    },
  });
  finish(5, outcome.passed && outcome.notUndone.length === 0);
  finish(6, (await owed())?.state === 'met');
  return { chapters, journalPath };
}

/** Says from what to what the session probe's rate rose, as measured, and that the services still Green kept theirs. */
function sayRates(stage: Stage, before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): boolean {
  const { configuration, runner, screen } = stage;
  const was = before.get(SESSION_PROBE) ?? 0;
  const is = after.get(SESSION_PROBE) ?? 0;
  screen.say(`measured: ${SESSION_PROBE} rose from ${perMinute(was)} to ${perMinute(is)} runs a minute`);
  const others = configuration.probes.filter((probe) => runner.colour(probe.service) === 'green');
  const kept = others.map((probe) => ({ id: probe.id, was: before.get(probe.id) ?? 0, is: after.get(probe.id) ?? 0 }));
  screen.say(
    `measured: the others kept theirs: ${kept.map((each) => `${each.id} ${perMinute(each.was)} → ${perMinute(each.is)}`).join(', ')}`,
  );
  // Measured over seconds: a run more or less at either end is a quarter of a slow probe's rate.
  return is > was * 2 && kept.every((each) => each.is < each.was * 1.5);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await systemClock.sleep(ms, signal).catch(() => undefined);
}

/** Turns knobs of an exchange over its control port. */
async function turn(control: string, knobs: object, signal: AbortSignal): Promise<void> {
  const response = await fetch(`${control}/knobs`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(knobs),
    signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]),
  });
  if (!response.ok) throw new Error(`the exchange refused ${JSON.stringify(knobs)}: ${await response.text()}`);
}

/** Keeps the live table current until disposed. */
function refresh({ runner, configuration, screen }: Stage, counter: Counter): Disposable {
  const timer = setInterval(() => {
    const services = [...new Set(configuration.probes.map((probe) => probe.service))];
    const rates = counter.rates();
    screen.show(
      services.map((service): Row => {
        const own = runner
          .statuses()
          .filter((status) => status.objective.service === service && status.consumed !== null);
        const worst = own.toSorted((a, b) => (b.consumed ?? 0) - (a.consumed ?? 0))[0];
        const probes = configuration.probes.filter((probe) => probe.service === service);
        return {
          service,
          colour: runner.colour(service).toUpperCase(),
          consumed: worst === undefined ? '-' : `${consumedText(worst.consumed)} (${worst.objective.id})`,
          sampling: probes
            .map((probe) => `${probe.id} ${(runner.engine.intervalMs(probe.id) ?? 0) / 1000} s`)
            .join(', '),
          measured: probes.map((probe) => perMinute(rates.get(probe.id) ?? 0)).join(', '),
        };
      }),
    );
  }, 1000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
