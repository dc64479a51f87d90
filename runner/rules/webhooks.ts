/** Tells the webhooks of service rules what began and what is over: at least once, in order for each rule and split. */
import type { Clock } from '../../probes/probe.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';
import type { Condition, Told } from '../alerts/alert.ts';
import { post } from '../alerts/notifiers/post.ts';
import { signedHeaders } from '../alerts/signature.ts';
import type { Webhook } from '../config/rules.ts';

export interface RuleWebhooksOptions {
  /** By the rule's id. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly environment: string;
  readonly location: string;
  readonly store: Pick<StoreReader, 'events'>;
  readonly record: (event: LedgerEvent) => Promise<void>;
  readonly clock: Clock;
  /** What waits then is delivered by the next process. */
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
  /** Whoever refuses may say what it was told. */
  readonly redact: (text: string) => string;
}

export interface RuleWebhooks extends AsyncDisposable {
  /** Takes an event on; never blocks. */
  hear(event: LedgerEvent): void;
  /** Takes on what earlier processes left undelivered. */
  recover(): Promise<void>;
  /** Webhooks that keep failing, or that were given up within the last day. */
  conditions(nowMs: number): readonly Condition[];
}

const DAY_MS = 86_400_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** One failure is a hiccup; an alert is for what keeps failing. */
const TROUBLED_AFTER = 3;

interface Trouble {
  readonly event: LedgerEvent;
  readonly attempts: number;
  readonly reason: string;
  readonly givenUpMs: number | null;
}

export function createRuleWebhooks(options: RuleWebhooksOptions): RuleWebhooks {
  const { webhooks, clock, record } = options;
  const over = new AbortController();
  const stop = AbortSignal.any([options.stop, over.signal]);
  /** The end of each rule's line: what is heard later is told later. */
  const lines = new Map<string, Promise<void>>();
  /** By the rule's key. */
  const troubles = new Map<string, Trouble>();

  function hear(event: LedgerEvent): void {
    const webhook = webhooks.get(String(event.body['rule']));
    if (webhook === undefined || !isToldOf(event)) return;
    const line = (lines.get(event.subject) ?? Promise.resolve())
      .then(() => deliver(event, webhook))
      .catch((error: unknown) => {
        if (!stop.aborted) options.warn(`rule ${event.subject}: its webhook: ${messageOf(error)}`);
      });
    lines.set(event.subject, line);
  }

  async function deliver(event: LedgerEvent, webhook: Webhook): Promise<void> {
    for (let attempts = 1; !stop.aborted; attempts += 1) {
      const nowMs = Math.round(clock.wallMs());
      const outcome = await tell(event, webhook, nowMs);
      if (stop.aborted && !outcome.ok) return;
      if (outcome.ok) {
        troubles.delete(event.subject);
        return await record(noteOf(event, 'delivered', { attempts }, nowMs));
      }
      const isOver = !outcome.retry || nowMs - event.atMs > DAY_MS;
      const reason = options.redact(outcome.reason);
      troubles.set(event.subject, { event, attempts, reason, givenUpMs: isOver ? nowMs : null });
      if (isOver) return await record(noteOf(event, 'undelivered', { reason, attempts }, nowMs));
      const waitMs = Math.max(outcome.afterMs ?? 0, FIRST_WAIT_MS * 2 ** (attempts - 1));
      await clock.sleep(Math.min(LONGEST_WAIT_MS, waitMs), stop);
    }
  }

  async function tell(event: LedgerEvent, { url, secret, timeoutMs }: Webhook, nowMs: number): Promise<Told> {
    const body = JSON.stringify(messageFor(event, options));
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)]);
    return await post(url, signedHeaders(secret, event.id, nowMs, body), body, signal);
  }

  return {
    hear,
    async recover() {
      if (webhooks.size === 0) return;
      const events = await options.store.events({ kind: 'service-rule' });
      const settled = new Set(events.map(({ body }) => body['of']));
      const leastMs = clock.wallMs() - DAY_MS;
      for (const event of events) if (event.atMs >= leastMs && !settled.has(event.id)) hear(event);
    },
    conditions: (nowMs) =>
      [...troubles.values()]
        .filter(({ attempts, givenUpMs }) =>
          givenUpMs === null ? attempts >= TROUBLED_AFTER : nowMs - givenUpMs < DAY_MS,
        )
        .map(({ event, attempts, reason, givenUpMs }) => ({
          key: `rule-webhook/${event.subject}`,
          rule: 'rule-webhook',
          severity: 'SEV-3',
          as: 'ticket',
          service: event.service,
          objective: String(event.body['objective']),
          says: `the webhook of the rule ${event.subject} ${givenUpMs === null ? `fails, ${attempts} times by now` : 'was given up'}: ${reason}`,
          lastBadAtMs: null,
        })),
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(lines.values());
    },
  };
}

/** What is only for review is nobody's to carry out. */
function isToldOf({ body }: LedgerEvent): boolean {
  return body['as'] === 'act' && (body['state'] === 'triggered' || body['state'] === 'ended');
}

function messageFor({ id, atMs, service, body }: LedgerEvent, { environment, location }: RuleWebhooksOptions) {
  const { rule, objective, split, state, actions, as: _as, ...figures } = body;
  const at = new Date(atMs).toISOString();
  return {
    type: 'service-rule',
    id,
    at,
    environment,
    location,
    service,
    objective,
    split,
    rule,
    state,
    actions,
    figures,
  };
}

function noteOf(
  { id, service, subject, body }: LedgerEvent,
  state: 'delivered' | 'undelivered',
  more: Readonly<Record<string, unknown>>,
  atMs: number,
): LedgerEvent {
  const whole = { state, of: id, rule: body['rule'], ...more };
  return { id: `${id}/${state}`, atMs, kind: 'service-rule', service, subject, body: whole };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
