/**
 * Whether InfluxDB would take what is written to it. The database or bucket is looked up, and the right to write there, before
 * a body is parsed: an empty one proves both, and leaves nothing behind.
 */
import { authorizationOf, destination, type InfluxConnection } from '../../store/influx/connection.ts';
import { saidIn, writePath } from '../../store/influx/write.ts';
import { ok, type Finding } from './finding.ts';

const check = 'InfluxDB writing';
const ASK_MS = 5_000;
const WAITING = 'results wait in the ledger until it takes them';

export async function checkWriting(connection: InfluxConnection, signal: AbortSignal): Promise<Finding> {
  const place = destination(connection);
  try {
    const response = await fetch(`${connection.url.replace(/\/+$/, '')}${writePath(connection)}`, {
      method: 'POST',
      headers: { ...authorizationOf(connection), 'content-type': 'text/plain; charset=utf-8' },
      body: '',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
    });
    return findingOf(connection, response.status, saidBy(await response.text()));
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return { check, verdict: 'fail', found: `${place}: ${why}`, mend: `${WAITING}; see store.influx.url` };
  }
}

/** @param said in InfluxDB's own words; null: whoever answered is no InfluxDB, or has no such path */
function findingOf(connection: InfluxConnection, status: number, said: string | null): Finding {
  const place = destination(connection);
  // 2.x refuses an empty body with these words once it has found the bucket, and the right to write there.
  if (status === 204 || status === 201 || (status === 400 && said === 'writing requires points'))
    return ok(check, `${place} takes what is written`);
  const found = `${place} answers ${status}${said === null ? '' : `: ${said.replaceAll(/\s+/g, ' ').trim()}`}`;
  if (status === 400 || status === 422)
    return {
      check,
      verdict: 'unknown',
      found,
      mend: 'it may object to nothing but the empty body that it was asked with',
    };
  return { check, verdict: 'fail', found, mend: mendOf(connection, status, said) };
}

function mendOf(connection: InfluxConnection, status: number, said: string | null): string {
  if (status < 300) return 'only InfluxDB answers 204: store.influx.url may be that of something in front of it';
  if (said === null && status === 404)
    return 'bucket' in connection
      ? 'InfluxDB before 1.8 has no /api/v2/write: give store.influx a database instead of org and bucket; or correct its url'
      : 'nothing takes lines at /write there: correct store.influx.url';
  return 'bucket' in connection ? mendOfBucket(connection, status) : mendOfDatabase(connection, status, said);
}

type Bucket = Extract<InfluxConnection, { readonly bucket: string }>;
type Database = Exclude<InfluxConnection, Bucket>;

function mendOfBucket({ org, bucket }: Bucket, status: number): string {
  switch (status) {
    case 404:
      return `correct store.influx.org and bucket, or make it: influx bucket create --org '${org}' --name '${bucket}'`;
    case 401:
      return `store.influx.token is none of this InfluxDB, or may not write to ${bucket}: influx auth create makes one`;
    case 403:
      return `give store.influx a token that may write to ${bucket}: influx auth create makes one`;
    default:
      return WAITING;
  }
}

function mendOfDatabase({ database, username }: Database, status: number, said: string | null): string {
  switch (status) {
    case 404:
      return `correct store.influx.database, or make it: influx -execute 'CREATE DATABASE "${database}"'`;
    case 401:
      return 'correct store.influx.username and store.influx.password';
    case 403:
      return `let that user write: influx -execute 'GRANT WRITE ON "${database}" TO "${username ?? ''}"'`;
    default:
      return said?.startsWith('retention policy not found') === true
        ? `make one: influx -execute 'CREATE RETENTION POLICY "autogen" ON "${database}" DURATION INF REPLICATION 1 DEFAULT'`
        : WAITING;
  }
}

function saidBy(text: string): string | null {
  try {
    return saidIn(JSON.parse(text));
  } catch {
    return null;
  }
}
