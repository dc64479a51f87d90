import type { SecureContext } from 'node:tls';
import type { Clock } from '../probe.ts';
import { Line, type Alpn } from './line.ts';
import { secureContextFor } from './secure-context.ts';
import type { Draft } from './draft.ts';
import type { HttpSpec } from './spec.ts';

const OFFERED: Readonly<Record<HttpSpec['protocol'], readonly Alpn[]>> = {
  auto: ['h2', 'http/1.1'],
  'http/1.1': ['http/1.1'],
  h2: ['h2'],
};

/** What all connections of a probe share, made once. */
export class Dialling {
  private readonly spec: HttpSpec;
  private own: SecureContext | null = null;
  private strangers: SecureContext | null = null;

  constructor(spec: HttpSpec) {
    this.spec = spec;
  }

  line(url: URL, trusted: boolean, clock: Clock): Line {
    const { keepAlive, protocol, family } = this.spec;
    return new Line(
      {
        origin: url.origin,
        keepAlive,
        secureContext: this.context(url, trusted),
        alpn: OFFERED[protocol],
        family: family === 'auto' ? 0 : family,
      },
      clock,
    );
  }

  /** Our certificate is shown to those that the configuration names, and to nobody they send us to. */
  private context(url: URL, trusted: boolean): SecureContext | null {
    if (url.protocol !== 'https:') return null;
    const { ca, clientCertificate } = this.spec;
    if (trusted) return (this.own ??= secureContextFor(url, ca, clientCertificate));
    return (this.strangers ??= secureContextFor(url, ca));
  }
}

/** The connections of one run, and with `keepAlive` of the runs after it: one to each origin. */
export class Lines {
  private readonly dialling: Dialling;
  private readonly clock: Clock;
  private readonly lines = new Map<string, Line>();

  constructor(dialling: Dialling, clock: Clock) {
    this.dialling = dialling;
    this.clock = clock;
  }

  to({ url, origin, trusted }: Pick<Draft, 'url' | 'origin' | 'trusted'>): Line {
    const key = trusted ? origin : `${origin} unknown`;
    const known = this.lines.get(key);
    if (known !== undefined) return known;
    const line = this.dialling.line(url, trusted, this.clock);
    this.lines.set(key, line);
    return line;
  }

  /** A line that failed is closed; the next request makes another. */
  drop(line: Line): void {
    for (const [key, known] of this.lines) if (known === line) this.lines.delete(key);
  }

  async destroy(): Promise<void> {
    const lines = [...this.lines.values()];
    this.lines.clear();
    await Promise.all(lines.map((line) => line.destroy()));
  }
}
