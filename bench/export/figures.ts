/** A backlog on its way to InfluxDB: what a point costs, against posting lines that were made before, and what the loop feels. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../runner/clock.ts';
import { startInfluxExport } from '../../store/influx/exporter.ts';
import type { Rule } from '../../store/judge.ts';
import { Ledger } from '../../store/ledger.ts';
import { openStore } from '../../store/open.ts';
import { startInfluxd } from '../../test/support/influxd.ts';
import { startVictoriaMetrics } from '../../test/support/victoria-metrics.ts';
import { ownCpuMs } from '../cpu.ts';
import { FULL, type Finding, type Limit, type Run } from '../figure.ts';
import { fillTo } from '../ledger/fill.ts';
import { findProgram } from '../program.ts';

const WHOLE_ROWS = 1_000_000;
const SMALL_ROWS = 20_000;
/** 30,000 points a second. */
const GOAL_US = 33.3;
const GOAL_DELAY_MS = 2;
const PEER = 'bare POST loop, lines made before';
/** A rate shows sooner: what it posts beyond is time that nobody learns from. */
const MOST_POSTED = 300_000;

const SERVERS = [
  { id: 'victoria-metrics', name: 'VictoriaMetrics', program: 'victoria-metrics', package: 'victoria-metrics' },
  { id: 'influxdb', name: 'InfluxDB 1.x', program: 'influxd', package: 'influxdb' },
] as const;

export async function exportFigures({ effort, signal, folder }: Run): Promise<readonly Finding[]> {
  const rows = effort.rounds >= FULL.rounds ? WHOLE_ROWS : SMALL_ROWS;
  const title = (name: string): string => `${rows.toLocaleString('en-US')} results behind, to ${name}`;
  mkdirSync(folder, { recursive: true });
  using stack = new DisposableStack();
  const own = stack.adopt(mkdtempSync(join(folder, 'bench-')), (path) => rmSync(path, { recursive: true }));
  const path = join(own, 'ledger.db');
  fillTo(path, rows, OBJECTIVES);
  const found: Finding[] = [];
  for (const { id, name, program, package: debian } of SERVERS) {
    signal.throwIfAborted();
    if (findProgram(program) === null) {
      const skipped = `${program} is not on the PATH: apt-get install -y --no-install-recommends ${debian}`;
      found.push({ id: `export-${id}`, title: title(name), peer: PEER, skipped });
      continue;
    }
    const start = id === 'influxdb' ? () => startInfluxd('pulsedrill') : startVictoriaMetrics;
    const theirs = await posted(path, start);
    const ours = await shipped(path, start, signal);
    const limit = (of: string, unit: string, value: number, beside: number, goal: number): Limit => ({
      id: `export-${id}-${of}`,
      title: title(name),
      unit,
      value,
      goal,
      met: value <= goal,
      peer: PEER,
      theirs: beside,
      note: null,
    });
    found.push({
      ...limit('point', 'microseconds a point', ours.us, theirs, GOAL_US),
      note: `${Math.round(1e6 / ours.us).toLocaleString('en-US')} points a second; the server takes part of the same cores`,
    });
    found.push({
      ...limit('cpu', 'CPU-microseconds a point, all threads of ours', ours.cpuUs, 0, GOAL_US),
      peer: null,
      theirs: null,
      note: 'does not depend on who else works on the machine',
    });
    found.push({
      ...limit(
        'delay',
        'event-loop delay added to the measuring thread, p99.9, ms',
        Math.max(0, ours.delayMs - ours.idleMs),
        ours.idleMs,
        GOAL_DELAY_MS,
      ),
      peer: 'the same process, idle',
      note: 'what the same process has without shipping is taken off',
    });
  }
  return found;
}

const probes = Array.from({ length: 10 }, (_, index) => `status-${index}`);
const OBJECTIVES = [
  { id: 'availability', sli: { type: 'availability' }, weighing: 'time', split: null, probes },
] as const satisfies readonly Rule[];

type Start = () => Promise<{ readonly url: string } & AsyncDisposable>;

async function shipped(path: string, start: Start, signal: AbortSignal) {
  await using server = await start();
  await using store = await openStore({ path });
  const idleMs = await delayDuring(() => delay(1000));
  const begunMs = performance.now();
  const begunCpuMs = ownCpuMs();
  let points = 0;
  const delayMs = await delayDuring(async () => {
    await using exporter = startInfluxExport({
      store,
      connection: { url: server.url, database: 'pulsedrill' },
      location: 'bench',
      clock: systemClock,
      random: () => 0,
      signal,
      onState: (state) => {
        if (state.state === 'held') throw new Error(state.why);
      },
    });
    await exporter.flush();
    points = exporter.standing().shipped;
  });
  const cpuUs = ((ownCpuMs() - begunCpuMs) * 1000) / points;
  return { us: ((performance.now() - begunMs) * 1000) / points, cpuUs, delayMs, idleMs };
}

/** p99.9, ms. */
async function delayDuring(work: () => Promise<unknown>): Promise<number> {
  const watch = monitorEventLoopDelay({ resolution: 1 });
  watch.enable();
  await work();
  watch.disable();
  // The resolution itself is part of what it counts.
  return Math.max(0, watch.percentile(99.9) / 1e6 - 1);
}

/** @returns microseconds a point, of the posting alone */
async function posted(path: string, start: Start): Promise<number> {
  await using server = await start();
  using ledger = new Ledger({ path, readOnly: true });
  let [points, postingMs, after]: [number, number, number | null] = [0, 0, 0];
  while (after !== null && points < MOST_POSTED) {
    const page = ledger.pending('results', { name: 'bare', location: 'bench', nowMs: 0 }, 2000, after);
    after = page.upTo;
    const body = page.lines.join('\n');
    const begunMs = performance.now();
    const { status } = await fetch(`${server.url}/write?db=pulsedrill`, { method: 'POST', body });
    postingMs += performance.now() - begunMs;
    if (status >= 300) throw new Error(`${server.url} answers ${status}`);
    points += page.lines.length;
  }
  return (postingMs * 1000) / points;
}
