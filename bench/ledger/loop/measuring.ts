/**
 * A process that measures: 200 http probes a second and 50,000 ticks a second from a plain generator, on one event loop; with
 * the ledger, the exporter and the evaluator beside it, the same with an exporter that is far behind, or without any of them.
 * Says how late its event loop was.
 */
import { constants, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { systemClock } from '../../../runner/clock.ts';
import { createDelivery } from '../../../runner/delivery.ts';
import { createEngine } from '../../../runner/engine/engine.ts';
import { watchLoop } from '../../../runner/engine/loop-watch.ts';
import { budgetPoint, createEvaluation } from '../../../runner/evaluation.ts';
import { seededRandom } from '../../../scenarios/random.ts';
import { startInfluxExport } from '../../../store/influx/exporter.ts';
import { openStore } from '../../../store/open.ts';
import type { Result } from '../../../store/result.ts';
import { createSpill } from '../../../store/spill.ts';
import { answerWith } from '../../contender.ts';
import { BEHIND, carried, EVERY_MS } from './carried.ts';

const [url = '', influxUrl = '', parent = '.', mode = 'without'] = process.argv.slice(2);

const TICKS_A_MS = 50;
/** Far more often than a prober does, so that several fall into a round. */
const EVALUATED_EVERY_MS = 1000;

const configuration = carried(url);

const TICK = JSON.stringify({
  type: 'trade',
  symbol: 'BTCUSD',
  price: '50123.25',
  quantity: '0.013',
  seq: 1,
  timestamp: 1,
});

/** As many as are due, each parsed as a frame would be. */
function generateTicks(): NodeJS.Timeout {
  const beganMs = performance.now();
  let made = 0;
  return setInterval(() => {
    const due = Math.floor((performance.now() - beganMs) * TICKS_A_MS);
    for (; made < due; made += 1) {
      const tick: unknown = JSON.parse(TICK);
      if (typeof tick !== 'object') throw new Error('not a tick');
    }
  }, 1);
}

/** What takes the results: the whole way into the ledger and out of it again. */
async function beside() {
  const folder = mkdtempSync(join(parent, 'loop-'));
  const isBehind = mode === 'behind';
  if (isBehind) copyFileSync(join(parent, BEHIND), join(folder, 'ledger.db'), constants.COPYFILE_FICLONE);
  const store = await openStore({
    path: join(folder, 'ledger.db'),
    objectives: configuration.objectives,
    stepMs: configuration.base.minuteMs,
    clock: systemClock,
  });
  const { identity } = store;
  const troubles: string[] = [];
  const delivery = createDelivery({
    append: (results) => store.append(results),
    spill: createSpill({ folder: join(folder, 'spill'), identity, instance: 'bench', uid: null }),
    onTrouble: (line) => troubles.push(line),
    limit: 10_000,
    retryMs: 1000,
    patienceMs: 5000,
  });
  const begunMs = performance.now();
  const exporter = startInfluxExport({
    store,
    connection: { url: influxUrl, org: 'bench', bucket: 'bench' },
    location: 'bench',
    clock: systemClock,
    random: seededRandom(1),
    onState: ({ state }) => (state === 'shipping' ? undefined : troubles.push(`the exporter: ${state}`)),
  });
  const evaluation = createEvaluation(store, configuration.objectives, configuration.base);
  const evaluate = async (): Promise<void> => {
    const statuses = await evaluation.at(Math.round(systemClock.wallMs()), { percentiles: 'failing' });
    await store.recordBudgets(statuses.filter(({ colour }) => colour !== 'unknown').map(budgetPoint));
  };
  // One at a time, as in a prober: where the last one is not done yet, this one is left out.
  let underWay: Promise<void> | null = null;
  const evaluating = setInterval(() => {
    underWay ??= evaluate()
      .catch((error: unknown) => void troubles.push(`the evaluation: ${String(error)}`))
      .finally(() => {
        underWay = null;
      });
  }, EVALUATED_EVERY_MS);
  return {
    deliver: delivery.deliver,
    /** Points a second that have arrived so far. */
    pace: () => (exporter.standing().shipped * 1000) / (performance.now() - begunMs),
    async [Symbol.asyncDispose]() {
      clearInterval(evaluating);
      await underWay;
      await delivery.flush();
      const { total } = isBehind ? await exporter.lag() : await exporter.flush();
      if (isBehind && total === 0) troubles.push('nothing was left to be shipped');
      if (!isBehind && total > 0) troubles.push(`${total} rows were not shipped`);
      await exporter.close();
      await store[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
      if (troubles.length > 0) throw new Error(troubles.join('; '));
    },
  };
}

const loop = watchLoop(() => systemClock.monotonicMs());

answerWith(async (ms) => {
  await using taker = mode === 'without' ? null : await beside();
  const counts = { good: 0, other: 0 };
  const deliver = (result: Result): void => {
    counts[result.outcome === 'good' ? 'good' : 'other'] += 1;
    taker?.deliver(result);
  };
  const engine = createEngine({
    configuration,
    clock: systemClock,
    loop,
    stop: AbortSignal.timeout(ms),
    abandon: new AbortController().signal,
    orders: { intend: () => Promise.resolve(), close: () => Promise.resolve() },
    deliver,
    trustSince: () => ({ standing: { state: 'unverified', reading: null, text: '' }, jumpMs: null }),
    path: '',
    warn: (line) => {
      throw new Error(line);
    },
    instance: 'bench',
  });
  const ticks = generateTicks();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let pace = 0;
  try {
    for (const { id } of configuration.probes) {
      engine.setPace(id, { cadence: 'green', intervalMs: EVERY_MS, gameday: null });
    }
    delay.enable();
    await engine.run();
    delay.disable();
    pace = taker?.pace() ?? 0;
  } finally {
    clearInterval(ticks);
    await engine.close();
  }
  const at = (percentile: number) => delay.percentile(percentile) / 1e6;
  return { values: { ...counts, pace, p50Ms: at(50), p99Ms: at(99), p999Ms: at(99.9), maxMs: delay.max / 1e6 } };
});
