/** Fills a ledger, a process of its own: `node build.ts FOLDER DAYS END_MS`. Through the ledger's own append, in big batches. */
import { join } from 'node:path';
import { loadConfiguration } from '../../../runner/config/load.ts';
import { seededRandom } from '../../../scenarios/random.ts';
import { Ledger } from '../../../store/ledger.ts';
import type { BudgetPoint } from '../../../store/store.ts';
import { DAY_MS, MINUTE_MS, runsOf } from './asked.ts';

const [folder = '.', days = '1', end = '0'] = process.argv.slice(2);
const CHUNK_MINUTES = 60;

const loaded = await loadConfiguration({ file: join(folder, 'pulsedrill.config.yaml'), folder, environment: {} });
if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
const { configuration } = loaded;
const endMs = Number(end);
const startMs = endMs - Number(days) * DAY_MS;
const minutes = Number(days) * (DAY_MS / MINUTE_MS);
const judged = configuration.objectives.filter(({ unknownBecause }) => unknownBecause === null);

using ledger = new Ledger({
  path: configuration.ledgerPath,
  objectives: configuration.objectives,
  stepMs: configuration.base.minuteMs,
});
for (let from = 0; from < minutes; from += CHUNK_MINUTES) {
  const stretch = { from, to: Math.min(minutes, from + CHUNK_MINUTES) };
  ledger.append([...runsOf(startMs, stretch)], startMs + stretch.to * MINUTE_MS);
  ledger.recordBudgets([...pointsOf(stretch)]);
  // As the upkeep of a prober would have done by now.
  while (ledger.measureSlice(null) === 'worked');
}

/** An evaluation a minute, as `run` makes them: a budget that is used up over a month and comes back. */
function* pointsOf({ from, to }: { readonly from: number; readonly to: number }): Iterable<BudgetPoint> {
  for (let minute = from; minute < to; minute += 1) {
    for (const { id, service } of judged) {
      const consumedPct = 40 + 30 * Math.sin(minute / 7000) + 2 * seededRandom(7, id, minute)();
      yield {
        objective: id,
        service,
        atMs: startMs + (minute + 1) * MINUTE_MS - 1,
        colour: consumedPct < 25 ? 'green' : consumedPct <= 75 ? 'yellow' : 'red',
        consumedPct,
        attainmentPct: 99.9,
        burn1h: 1,
        validEvents: minute + 1,
        badEvents: Math.floor(minute / 1000),
      };
    }
  }
}
