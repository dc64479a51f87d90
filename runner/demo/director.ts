/** Who turns the knobs. Waits for what the runner finds, never for what it should have found. */
import type { Sandbox } from '../../sandbox/start.ts';
import { systemClock } from '../clock.ts';
import type { Configuration } from '../config/configuration.ts';
import { consumedPercent } from '../../reports/figures.ts';
import { entryText } from '../gameday-text.ts';
import { needScenario } from '../found-scenarios.ts';
import { conductGameday } from '../gamedays.ts';
import type { LedgerStore } from '../../store/open.ts';
import type { Io } from '../io.ts';
import type { Obligation } from '../obligations.ts';
import type { Runner } from '../runner.ts';
import { countRuns, perMinute, type Counter } from './rates.ts';
import type { Row, Screen } from './screen.ts';

/** What the demo is there to show, in this order. */
const CHAPTERS = {
  green: 'market-data was Green',
  yellow: 'market-data turned Yellow',
  raised: 'its sampling rose, that of the Green services did not',
  red: 'market-data turned Red',
  owed: 'a game-day obligation was opened',
  passed: 'the game-day passed and its fault is undone',
  met: 'the obligation was met',
} as const;

export type Chapter = keyof typeof CHAPTERS;

export interface Stage {
  readonly configuration: Configuration;
  readonly runner: Runner;
  readonly store: LedgerStore;
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
  /** What did not come true, in words; empty when the loop closed. */
  readonly missing: readonly string[];
  /** Of the game-day; null when it did not come to it. */
  readonly journalPath: string | null;
}

export async function direct(stage: Stage): Promise<Directed> {
  const shown = new Set<Chapter>();
  using counter = countRuns(stage.runner.witness, stage.signal);
  using table = startTable(stage, counter);
  const obligation = await burn(stage, counter, shown);
  const journalPath = obligation === null ? null : await exercise(stage, obligation, shown);
  table.update();
  const missing = Object.entries(CHAPTERS).filter(([chapter]) => !new Set<string>(shown).has(chapter));
  return { missing: missing.map(([, what]) => what), journalPath };
}

/** From Green to the obligation that a Red budget opens; null when it did not come to it. */
async function burn(stage: Stage, counter: Counter, shown: Set<Chapter>): Promise<Obligation | null> {
  const { runner, screen, signal, configuration, sandbox } = stage;
  const until = async (holds: () => boolean): Promise<boolean> => {
    while (!holds() && !signal.aborted) await pause(200, signal);
    return holds();
  };

  await pause(GREEN_MS, signal);
  if (!(await until(() => runner.colour(SERVICE) === 'green'))) return null;
  shown.add('green');
  const services = [...new Set(configuration.probes.map((probe) => probe.service))];
  screen.say(`budgets: ${services.map((service) => `${service} ${runner.colour(service).toUpperCase()}`).join(', ')}`);
  const greenRates = counter.rates();

  screen.say('now and then the primary feed begins to stall: single symbols, for two seconds');
  await turn(sandbox.controls.primary, STALLS, signal);
  if (!(await until(() => runner.colour(SERVICE) === 'yellow'))) return null;
  shown.add('yellow');
  counter.reset();
  await pause(YELLOW_MS, signal);
  await until(() => counter.runs(SESSION_PROBE) >= 4);
  if (sayRates(stage, greenRates, counter.rates())) shown.add('raised');

  screen.say('the stalls get worse');
  await turn(sandbox.controls.primary, WORSE, signal);
  if (!(await until(() => runner.colour(SERVICE) === 'red'))) return null;
  await turn(sandbox.controls.primary, CALM, signal);
  shown.add('red');
  let obligation = await owedBy(stage);
  while (obligation === null && !signal.aborted) {
    await pause(200, signal);
    obligation = await owedBy(stage);
  }
  if (obligation !== null) shown.add('owed');
  return obligation;
}

async function owedBy({ runner }: Stage): Promise<Obligation | null> {
  return (await runner.obligations()).find((each) => each.service === SERVICE && each.duty === 'game-day') ?? null;
}

/** Said, recorded, and out of reach here: the game-day that a Red budget owes finds no budget to spend. */
const OVERSPEND = { by: 'npm run demo', reason: 'a sandbox owes nobody anything', overspend: '100.00' };

/** @returns where the game-day's journal is */
async function exercise(stage: Stage, obligation: Obligation, shown: Set<Chapter>): Promise<string | null> {
  const { configuration, runner, store, screen, signal, sandbox } = stage;
  screen.say('the stalls are over; the game-day that is owed begins');
  const scenario = await needScenario('feed-latency', { VENUE_URL: sandbox.edgeUrl }, stage.folder);
  const { outcome, journalPath, unrecorded } = await conductGameday({
    configuration,
    runner,
    store,
    scenario,
    mode: 'run',
    obligation: obligation.id,
    // It is owed because the budget is nearly gone, and in practice time a second of failure is ten minutes of it.
    approval: OVERSPEND,
    signal,
    path: stage.io.env['PATH'] ?? '',
    onEntry: (entry) => {
      // What held before still holds: worth a line only when it does not.
      if (entry.type === 'hypothesis' && entry.ok && entry.phase !== 'before') return;
      const text = entryText(entry);
      if (text !== null) screen.say(`  ${text}`);
    },
  });
  if (unrecorded !== null) throw unrecorded;
  if (outcome.passed && outcome.notUndone.length === 0) shown.add('passed');
  if ((await owedBy(stage))?.state === 'met') shown.add('met');
  await runner.evaluate();
  return journalPath;
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
function startTable(stage: Stage, counter: Counter): Disposable & { update(): void } {
  const update = (): void => stage.screen.show(rowsOf(stage, counter));
  const timer = setInterval(update, 1000);
  return { update, [Symbol.dispose]: () => clearInterval(timer) };
}

function rowsOf({ runner, configuration }: Stage, counter: Counter): readonly Row[] {
  const services = [...new Set(configuration.probes.map((probe) => probe.service))];
  const rates = counter.rates();
  return services.map((service) => {
    const judged = runner
      .statuses()
      .filter(({ objective, consumed }) => objective.service === service && consumed !== null);
    const worst = judged.toSorted((a, b) => (b.consumed ?? 0) - (a.consumed ?? 0))[0];
    const probes = configuration.probes.filter((probe) => probe.service === service);
    return {
      service,
      colour: runner.colour(service).toUpperCase(),
      consumed: worst === undefined ? '-' : `${consumedPercent(worst.consumed)} (${worst.objective.id})`,
      sampling: probes.map((probe) => `${probe.id} ${(runner.engine.intervalMs(probe.id) ?? 0) / 1000} s`).join(', '),
      measured: probes.map((probe) => perMinute(rates.get(probe.id) ?? 0)).join(', '),
    };
  });
}
