/** The shared InfluxDB cannot be read. The message is one line: what is wrong, where, and how to mend it. */
export class InfluxError extends Error {
  readonly place: string;

  constructor(place: string, what: string, cause?: unknown) {
    super(`InfluxDB ${place}: ${what}: see store.influx, or read the ledger of this machine instead (store.read)`, {
      cause,
    });
    this.name = 'InfluxError';
    this.place = place;
  }
}
