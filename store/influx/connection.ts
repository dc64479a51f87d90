/** Where InfluxDB is: 2.x and 3.x (and 1.8) by organization and bucket, 1.x by database. */
export type InfluxConnection =
  | {
      readonly url: string;
      readonly org: string;
      readonly bucket: string;
      readonly token?: string | undefined;
    }
  | {
      readonly url: string;
      readonly database: string;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
    };

/** A name for the place that is written to, without its secrets. */
export function destination(connection: InfluxConnection): string {
  const { origin, pathname } = new URL(connection.url);
  const place = 'database' in connection ? `db=${connection.database}` : `${connection.org}/${connection.bucket}`;
  return `${origin}${pathname === '/' ? '' : pathname} ${place}`;
}

export function authorizationOf(connection: InfluxConnection): Readonly<Record<string, string>> {
  if ('bucket' in connection) {
    return connection.token === undefined ? {} : { authorization: `Token ${connection.token}` };
  }
  if (connection.username === undefined) return {};
  const pair = Buffer.from(`${connection.username}:${connection.password ?? ''}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}
