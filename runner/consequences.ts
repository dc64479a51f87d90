/** After each evaluation: what colours oblige people to, what they review, which service rules are triggered: as events. */
import type { Clock } from '../probes/probe.ts';
import type { Colour } from '../slo/objective.ts';
import type { Status } from '../slo/status.ts';
import type { LedgerEvent, StoreReader } from '../store/store.ts';
import type { AlertBoard } from './alerts/alert.ts';
import type { Configuration } from './config/configuration.ts';
import type { Follower } from './judging.ts';
import { obligationEvents, obligationsOf, overdueConditions } from './obligations.ts';
import { createReviews } from './reviews/keeper.ts';
import { noteEvents, notedColours } from './rules/policy-notes.ts';
import { ruleEvents, standingRules, type StandingRule } from './rules/rule-events.ts';
import { createRuleWebhooks } from './rules/webhooks.ts';

export interface ConsequencesOptions {
  readonly store: Pick<StoreReader, 'events' | 'tallies'>;
  readonly configuration: Pick<Configuration, 'rules' | 'environment' | 'location' | 'base' | 'redact'>;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly record: (event: LedgerEvent) => Promise<void>;
  /** Where obligations that are overdue and webhooks that fail are told; null: nowhere. */
  readonly board: Pick<AlertBoard, 'report'> | null;
  readonly warn: (line: string) => void;
}

export interface Consequences extends AsyncDisposable {
  readonly follow: Follower;
}

/**
 * All state is in the ledger. A restart begins where the last process ended; obligations are read each time, since another
 * process may have scheduled or met one meanwhile. What fails is tried again after the next evaluation.
 */
export function createConsequences(options: ConsequencesOptions): Consequences {
  const { store, configuration, record, board } = options;
  const { environment, location, redact } = configuration;
  const { rules, webhooks } = configuration.rules;
  const hooks = createRuleWebhooks({ ...options, webhooks, environment, location, redact });
  const reviews = createReviews({ store, base: configuration.base, record });
  /** What this process alone writes, read once; null: not yet. */
  let own: { standing: readonly StandingRule[]; noted: ReadonlyMap<string, Colour> } | null = null;
  let troubled = false;

  async function follow(statuses: readonly Status[], nowMs: number): Promise<void> {
    if (own === null) {
      own = remembered(await store.events({ kind: 'service-rule' }));
      // Before anything new: a webhook hears of its rule in order.
      await hooks.recover();
    }
    const obligations = obligationsOf(await store.events({ kind: 'obligation' }), nowMs);
    for (const service of new Set(statuses.map(({ objective }) => objective.service))) {
      const its = statuses.filter(({ objective }) => objective.service === service);
      const events: readonly LedgerEvent[] = [
        ...noteEvents(service, its, own.noted.get(service), nowMs),
        ...obligationEvents(service, its, obligations, nowMs),
      ];
      for (const event of events) {
        await record(event);
        own = { ...own, noted: notedColours([event], own.noted) };
      }
    }
    await reviews.follow(statuses, nowMs);
    const edges: readonly LedgerEvent[] = ruleEvents(statuses, rules, own.standing, nowMs);
    for (const event of edges) {
      if (event.kind === 'review-item') {
        await reviews.note(event);
        continue;
      }
      await record(event);
      own = { ...own, standing: standingRules([event], own.standing) };
      hooks.hear(event);
    }
    await board?.report('obligations', overdueConditions(obligations));
    await board?.report('rule-webhooks', hooks.conditions(nowMs));
  }

  async function tryToFollow(statuses: readonly Status[], nowMs: number): Promise<void> {
    try {
      await follow(statuses, nowMs);
      troubled = false;
    } catch (error) {
      if (!troubled) options.warn(`consequences failed: ${error instanceof Error ? error.message : String(error)}`);
      troubled = true;
    }
  }

  return { follow: tryToFollow, [Symbol.asyncDispose]: () => hooks[Symbol.asyncDispose]() };
}

function remembered(events: readonly LedgerEvent[]): {
  standing: readonly StandingRule[];
  noted: ReadonlyMap<string, Colour>;
} {
  return { standing: standingRules(events), noted: notedColours(events) };
}
