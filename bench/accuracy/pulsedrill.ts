/** Ours: an engine with its schedule, its event-loop watch and its verdicts, as `run` builds it; the ledger is left out. */
import { systemClock } from '../../runner/clock.ts';
import { checkDocument } from '../../runner/config/load.ts';
import { createEngine } from '../../runner/engine/engine.ts';
import { watchLoop } from '../../runner/engine/loop-watch.ts';
import type { Result } from '../../store/result.ts';
import { answerWith, type Measured } from '../contender.ts';

const [url = '', perSecond = '', toleranceMs = ''] = process.argv.slice(2);

/** Of one probe. */
const EVERY_MS = 250;

const loaded = checkDocument(
  {
    environment: 'bench',
    loopTolerance: `${toleranceMs}ms`,
    objectives: [],
    probes: Array.from({ length: (Number(perSecond) * EVERY_MS) / 1000 }, (_, index) => ({
      id: `truth-${index}`,
      kind: 'http',
      service: 'truth',
      url,
      every: `${EVERY_MS}ms`,
      timeout: `${EVERY_MS - 10}ms`,
      expect: [{ status: 200 }],
    })),
  },
  'bench',
  process.cwd(),
  {},
);
if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
const { configuration } = loaded;

function measuredOf({ values, phases, readings, outcome, reason, detail, loopDelayMs }: Result): readonly Measured[] {
  // It says nothing, and so nothing wrong.
  if (outcome === 'skipped') return [];
  const [reading] = readings;
  const bytes = values['bytes'];
  const { firstByteMs } = phases;
  if (reading?.type !== 'duration' || reading.ms === null || firstByteMs === null || typeof bytes !== 'number') {
    if (reason === 'loop-stall') return [];
    throw new Error(`a run was ${outcome}: ${detail}`);
  }
  return [{ bytes, firstByteMs, latencyMs: reading.ms, counts: outcome === 'good', heldUpMs: loopDelayMs }];
}

const loop = watchLoop(() => systemClock.monotonicMs());

answerWith(async (ms) => {
  const results: Result[] = [];
  const engine = createEngine({
    configuration,
    clock: systemClock,
    loop,
    stop: AbortSignal.timeout(ms),
    abandon: new AbortController().signal,
    orders: { intend: () => Promise.resolve(), close: () => Promise.resolve() },
    deliver: (result) => results.push(result),
    trustSince: () => ({ standing: { state: 'unverified', reading: null, text: '' }, jumpMs: null }),
    path: '',
    warn: (line) => {
      throw new Error(line);
    },
    instance: 'bench',
  });
  try {
    for (const { id } of configuration.probes)
      engine.setPace(id, { cadence: 'green', intervalMs: EVERY_MS, gameday: null });
    await engine.run();
  } finally {
    await engine.close();
  }
  return { measured: results.flatMap(measuredOf) };
});
