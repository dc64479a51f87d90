import { createServer, type IncomingMessage } from 'node:http';
import { governing } from '../slo/policy.ts';
import type { Configuration } from './config/configuration.ts';
import { CommandError, EXIT } from './io.ts';
import { systemClock } from './clock.ts';
import { createGamedayReceiver, type GamedayReceiver, type WebhookAnswer } from './gameday/webhook.ts';
import { MOST_BYTES, type PagerdutyReceiver } from './incidents/pagerduty.ts';
import type { LagWatch } from './lag-watch.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Overload } from './overload.ts';
import type { Runner } from './runner.ts';
import { statusesJson } from './figures.ts';

/** A body that does not come holds no socket for longer. */
const BODY_MS = 10_000;

export interface StatusServer extends AsyncDisposable {
  /** `http://127.0.0.1:9464`, or null when the configuration says `listen: false`. */
  readonly address: string | null;
}

/** `GET /health` for a supervisor, `GET /status` for a person or a script, `GET /metrics` for Prometheus. Reads what is in memory; of the disk only what InfluxDB lacks. */
export async function startStatusServer(
  configuration: Configuration,
  runner: Runner,
  metrics: Pick<Metrics, 'text' | 'contentType'>,
  lag: Pick<LagWatch, 'look' | 'standing' | 'nowMs'>,
): Promise<StatusServer> {
  const { listen } = configuration;
  if (listen === null) return { address: null, [Symbol.asyncDispose]: () => Promise.resolve() };
  const gameday = gamedayReceiver(configuration);
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    const { pagerduty } = runner;
    const receive =
      request.url === '/pagerduty' ? pagerduty && heardAs(pagerduty) : request.url === '/gameday' ? gameday : null;
    if (receive !== null) {
      if (request.method !== 'POST') return answer(405, { error: 'only POST' });
      // What is left unread of a request must not be taken for the next.
      response.setHeader('connection', 'close');
      hear(request, receive).then(
        ({ status, says }) => answer(status, { says }),
        () => request.destroy(),
      );
      return undefined;
    }
    if (request.method !== 'GET') return answer(405, { error: 'only GET' });
    const judgedAgeMs = rounded(runner.judgedAgeMs());
    if (request.url === '/health') {
      const { status, reasons } = runner.health();
      const resultsWaiting = runner.delivery.waiting;
      const objectives = governing(runner.statuses()).length;
      return answer(reasons.length === 0 ? 200 : 503, { status, reasons, resultsWaiting, objectives, judgedAgeMs });
    }
    if (request.url === '/status') {
      const tell = (): void =>
        answer(200, {
          timeScale: configuration.base.scale,
          judgedAgeMs,
          overload: overloadJson(runner.overload()),
          incidents: runner.incidents(),
          influx: lagJson(lag),
          objectives: statusesJson(runner.statuses()),
        });
      // Looked at now, as by /metrics; where the ledger cannot be read, what was known last stands.
      lag.look().then(tell, tell);
      return undefined;
    }
    if (request.url === '/metrics') {
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => answer(500, { error: 'the metrics could not be read' }),
      );
      return undefined;
    }
    return answer(404, { error: 'no such page; there are /health, /status and /metrics' });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another process has it' : String(error.code);
      const text = `listen: expected ${listen.host}:${listen.port} to be free, got ${why}; set "listen" to another address, or false`;
      reject(new CommandError(text, EXIT.prober, { cause: error }));
    });
    server.listen(listen.port, listen.host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port;
  return {
    address: `http://${listen.host}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

/** @throws what the connection throws: then there is nobody to be answered */
async function hear(request: IncomingMessage, receive: GamedayReceiver): Promise<WebhookAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.setTimeout(BODY_MS, () => request.destroy());
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MOST_BYTES) {
      return { status: 413, says: `more than ${MOST_BYTES} bytes` };
    }
    chunks.push(chunk);
  }
  return receive(request.headers, Buffer.concat(chunks));
}

function heardAs(pagerduty: PagerdutyReceiver): GamedayReceiver {
  return (headers, body) => pagerduty([headers['x-pagerduty-signature'] ?? []].flat().join(','), body);
}

/** Null: the configuration has no secret for it. */
function gamedayReceiver({ gamedays: { webhook, folder }, redact }: Configuration): GamedayReceiver | null {
  if (webhook === null || webhook === undefined) return null;
  const secrets = [webhook.secret, webhook.previousSecret ?? []].flat();
  return createGamedayReceiver({ secrets, folder, clock: systemClock, mask: redact });
}

function overloadJson(overload: Overload | null): unknown {
  return overload === null ? null : { since: new Date(overload.sinceMs).toISOString(), ...overload.strain };
}

function lagJson(watch: Pick<LagWatch, 'standing' | 'nowMs'>): unknown {
  const standing = watch.standing();
  if (standing === null) return null;
  const { lag, held } = standing;
  const oldestAgeMs = lag.oldestMs === null ? null : Math.max(0, Math.round(watch.nowMs() - lag.oldestMs));
  return { rowsWaiting: lag.total, oldestAgeMs, held };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms);
}
