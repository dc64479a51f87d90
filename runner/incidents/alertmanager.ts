/** Alertmanager, API v2: who silences an alert there has it in hand. */
import { request } from 'undici';
import { z } from 'zod';
import type { Clock } from '../../probes/probe.ts';
import { currentRound, isAcknowledged, type Incident } from '../../slo/incidents/incident.ts';
import type { Keeper } from './keeper.ts';

export interface Alertmanager {
  /** As the configuration names it. */
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface SilenceWatchOptions {
  readonly alertmanagers: readonly Alertmanager[];
  /** The label `source` of our alerts. */
  readonly source: string;
  /** Who creates silences and is nobody. */
  readonly machines: readonly string[];
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

const LOOK_MS = 10_000;
const ATTEMPT_MS = 5000;
const MOST_BYTES = 4 * 1024 * 1024;

const alertsSchema = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    status: z.object({ silencedBy: z.array(z.string()) }),
  }),
);
const silenceSchema = z.object({
  id: z.string(),
  createdBy: z.string(),
  comment: z.string(),
  updatedAt: z.string(),
  status: z.object({ state: z.string() }),
});

/** Asks only while somebody has to acknowledge. Until `stop`. */
export async function watchSilences(options: SilenceWatchOptions): Promise<void> {
  const { alertmanagers, keeper, clock, stop, warn } = options;
  const troubled = new Set<string>();
  while (alertmanagers.length > 0 && !stop.aborted) {
    await clock.sleep(LOOK_MS, stop).catch(() => undefined);
    if (stop.aborted || !keeper.incidents().some(isWaiting)) continue;
    for (const each of alertmanagers) {
      try {
        await look(each, options);
        troubled.delete(each.name);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (!troubled.has(each.name) && !stop.aborted) warn(`${each.name}: its silences cannot be read: ${why}`);
        troubled.add(each.name);
      }
    }
  }
}

function isWaiting(incident: Incident): boolean {
  return incident.resolved === null && !isAcknowledged(incident);
}

async function look(
  alertmanager: Alertmanager,
  { source, machines, keeper, stop }: SilenceWatchOptions,
): Promise<void> {
  const filter = encodeURIComponent(`source=${JSON.stringify(source)}`);
  const query = `alerts?active=false&inhibited=false&unprocessed=false&silenced=true&filter=${filter}`;
  const alerts = alertsSchema.parse(await get(alertmanager, query, stop));
  const told = new Set<string>();
  for (const { labels, status } of alerts) {
    const incident = keeper.find(labels['alert'] ?? null, null)?.incident;
    if (incident === undefined || !isWaiting(incident) || told.has(incident.id)) continue;
    for (const id of status.silencedBy) {
      const silence = silenceSchema.parse(await get(alertmanager, `silence/${encodeURIComponent(id)}`, stop));
      const by = silence.createdBy.trim();
      const madeMs = Date.parse(silence.updatedAt);
      // A silence from before is maintenance: nobody has seen what it hides.
      const isAnswer = silence.status.state === 'active' && madeMs >= currentRound(incident).startMs;
      if (!isAnswer || by === '' || machines.includes(by)) continue;
      const body = { type: 'acknowledged', by, via: alertmanager.name, happenedMs: madeMs } as const;
      await keeper.say(incident, body, `${alertmanager.name}/${id}/${madeMs}`);
      told.add(incident.id);
      break;
    }
  }
}

async function get({ url, headers }: Alertmanager, path: string, stop: AbortSignal): Promise<unknown> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(ATTEMPT_MS)]);
  const answer = await request(`${url.replace(/\/+$/, '')}/api/v2/${path}`, {
    headers: { ...headers },
    reset: true,
    signal,
  });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`its answer has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (answer.statusCode !== 200) throw new Error(`it answers ${answer.statusCode}`);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
