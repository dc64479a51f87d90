import { deadline } from '../deadline.ts';
import { excluded, type Verdict } from '../network.ts';
import type { Clock } from '../probe.ts';
import type { PaperOrderSpec } from './spec.ts';
import { fieldAt, shows, Stream } from './stream.ts';
import type { SignalSpec } from './stream-spec.ts';

/** The signal that an order answers. */
export interface Heard {
  /** When it was received, monotonic ms: what follows it is counted from here. */
  readonly atMs: number;
  /** Wall clock here − the time that it carries, ms; null when it carries none. */
  readonly ageMs: number | null;
}

export type OpenedCue = { readonly ok: true; readonly cue: Cue } | { readonly ok: false; readonly verdict: Verdict };

/** Listens for signals of the strategy. Only one that comes while it is waited for is answered: an older one is stale. */
export class Cue implements AsyncDisposable {
  private readonly spec: SignalSpec;
  private readonly clock: Clock;
  private stream: Stream | null = null;
  private heard: Heard | null = null;

  private constructor(spec: SignalSpec, clock: Clock) {
    this.spec = spec;
    this.clock = clock;
  }

  static async open(
    spec: SignalSpec,
    probe: PaperOrderSpec,
    clock: Clock,
    within: { readonly signal: AbortSignal; readonly ms: number },
  ): Promise<OpenedCue> {
    const cue = new Cue(spec, clock);
    const take = (message: unknown, atMs: number): void => cue.take(message, atMs);
    const opened = await Stream.open('the signals', spec, probe, take, clock, within);
    if (!opened.ok) return opened;
    cue.stream = opened.stream;
    return { ok: true, cue };
  }

  /** The next signal; otherwise why there is none. */
  async next(withinMs: number, signal: AbortSignal): Promise<Heard | Verdict> {
    this.heard = null;
    using limit = deadline(this.clock, withinMs, signal);
    while (!limit.signal.aborted) {
      const broken = this.stream?.brokenBy ?? null;
      if (broken !== null) return { ...broken, detail: `the signals: ${broken.detail}` };
      await this.stream?.next(limit.signal);
      if (this.heard !== null) return this.heard;
    }
    return excluded('no-signal', `no signal came within ${Math.round(this.spec.within)} ms; no order was sent`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stream?.[Symbol.asyncDispose]();
  }

  private take(message: unknown, atMs: number): void {
    const { map, symbols } = this.spec;
    if (!map.match.every((sign) => shows(message, sign))) return;
    const symbol = fieldAt(message, map.symbol);
    if (symbols !== undefined && !symbols.some((wanted) => wanted === symbol)) return;
    if (this.heard !== null) return;
    const sentMs = wallMs(fieldAt(message, map.time), map.unit);
    this.heard = { atMs, ageMs: sentMs === null ? null : this.clock.wallMs() - sentMs };
  }
}

const UNIT_MS = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const;

function wallMs(value: unknown, unit: SignalSpec['map']['unit']): number | null {
  const ms = unit === 'iso' ? Date.parse(String(value)) : Number(value ?? Number.NaN) * UNIT_MS[unit];
  return Number.isFinite(ms) ? ms : null;
}
