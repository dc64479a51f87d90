/** InfluxQL over HTTP, the one query language that 1.x, 2.x and 3.x all answer. Answers come in chunks, so that they may be of any length. */
import { Agent, request } from 'undici';
import { authorizationOf, destination, type InfluxConnection } from './connection.ts';
import { InfluxError } from './influx-error.ts';

export type Cell = string | number | boolean | null;

/** Rows of one group, as they came. */
export interface Series {
  readonly tags: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly Cell[])[];
}

export interface InfluxQuery extends AsyncDisposable {
  readonly place: string;
  /** @throws InfluxError */
  ask(influxql: string): AsyncIterable<Series>;
}

interface Chunk {
  readonly error?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly (Omit<Series, 'tags'> & { readonly tags?: Series['tags'] })[];
  }[];
}

/** Rows a chunk: what is parsed at a time, on the loop that may also be measuring. */
const CHUNK_ROWS = 1_000;
const CONNECTIONS = 4;
/** Silence longer than this ends a question: a server that computes for that long will not get better. */
const SILENCE_MS = 60_000;

export interface Patience {
  /** Silence that ends a question, ms. Default: a minute. */
  readonly silenceMs?: number;
  /** After how much silence whoever waits is told, once, ms. */
  readonly tellAfterMs: number;
  readonly tell: (line: string) => void;
}

/** @throws TypeError when the URL is none */
export function createInfluxQuery(
  connection: InfluxConnection,
  signal: AbortSignal,
  patience: Patience | null = null,
): InfluxQuery {
  const silenceMs = patience?.silenceMs ?? SILENCE_MS;
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
  });
  const place = destination(connection);
  const base = connection.url.replace(/\/+$/, '');
  const db = 'database' in connection ? connection.database : connection.bucket;
  const failed = (what: string, cause?: unknown): InfluxError => new InfluxError(place, what, cause);

  let isTold = false;
  /** Parts of answers that came, to any question: one that waits behind others is not met with silence. */
  let heard = 0;
  function tellOfSilence(since: number): void {
    if (patience === null || isTold || heard > since) return;
    isTold = true;
    const [after, until] = [patience.tellAfterMs, silenceMs].map((ms) => ms / 1_000);
    patience.tell(`InfluxDB ${place} has said nothing for ${after} s; it is given up after ${until} s`);
  }

  async function* ask(influxql: string): AsyncIterable<Series> {
    const silence = patience === null ? undefined : setTimeout(tellOfSilence, patience.tellAfterMs, heard).unref();
    try {
      yield* answerTo(influxql);
    } finally {
      clearTimeout(silence);
    }
  }

  async function* answerTo(influxql: string): AsyncIterable<Series> {
    const answer = await request(`${base}/query`, {
      method: 'POST',
      dispatcher: agent,
      headers: {
        ...authorizationOf(connection),
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      // Times come as text: nanoseconds do not fit a double.
      body: new URLSearchParams({ db, q: influxql, chunked: 'true', chunk_size: String(CHUNK_ROWS) }).toString(),
      signal,
    }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : failed(silent(error) ?? `cannot be reached: ${messageOf(error)}`, error);
    });
    let rest = '';
    let isEmpty = true;
    try {
      answer.body.setEncoding('utf8');
      for await (const part of answer.body) {
        heard += 1;
        isEmpty = false;
        const lines = `${rest}${String(part)}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield* seriesOf(line, answer.statusCode);
      }
    } catch (error) {
      if (error instanceof InfluxError || signal.aborted) throw error;
      throw failed(silent(error) ?? `its answer broke off: ${messageOf(error)}`, error);
    } finally {
      answer.body.destroy();
    }
    // No data would be an answer, and a budget without any is Unknown: silence is not one.
    if (isEmpty) throw failed(`answers ${answer.statusCode} with nothing`);
    yield* seriesOf(rest, answer.statusCode);
  }

  /** Null: it is something else that is wrong. */
  function silent(error: unknown): string | null {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
    const isSilence = code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT';
    return isSilence ? `says nothing for ${silenceMs / 1_000} s` : null;
  }

  function* seriesOf(line: string, status: number): Iterable<Series> {
    if (line.trim() === '') return;
    let chunk: Chunk;
    try {
      chunk = JSON.parse(line);
    } catch (error) {
      throw failed(`answers ${status} with no JSON: ${line.length > 80 ? `${line.slice(0, 80)}…` : line}`, error);
    }
    const said = chunk.error ?? chunk.results?.find(({ error }) => error !== undefined)?.error;
    if (said !== undefined) throw failed(`answers ${status}: ${said}`);
    for (const { series = [] } of chunk.results ?? []) {
      for (const { tags = {}, columns, values } of series) yield { tags, columns, values };
    }
  }

  return { place, ask, [Symbol.asyncDispose]: () => agent.destroy() };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message || error.name : String(error)).replaceAll(/\s+/g, ' ').trim();
}

/** A string of InfluxQL. */
export function literal(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)}'`;
}
