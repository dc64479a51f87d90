/** The desk of a game-day in a process that runs the probes: what its runner and its ledger know. */
import type { Clock } from '../../probes/probe.ts';
import { bodyOf } from '../../slo/incidents/event.ts';
import type { LedgerStore } from '../../store/open.ts';
import { changeOf } from '../alerts/history.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Runner } from '../runner.ts';
import { askSource } from './ask-source.ts';
import type { Desk } from './desk.ts';
import { lookAtHolding, lookAtTrading } from './look-at-trading.ts';

/** An exercise does not wait for the next evaluation: what it asks for is at most this old. */
const FRESH_MS = 5_000;

export function openDesk(
  configuration: Configuration,
  runner: Pick<Runner, 'statuses' | 'judgedAgeMs' | 'evaluate'>,
  store: LedgerStore,
  clock: Clock,
): Desk {
  const { redact } = configuration;
  const find = (id: string) => runner.statuses().find(({ objective }) => objective.id === id);
  return {
    async status(objective) {
      if ((runner.judgedAgeMs() ?? Number.POSITIVE_INFINITY) > FRESH_MS) await runner.evaluate();
      const status = find(objective);
      const ageMs = runner.judgedAgeMs();
      return status === undefined || ageMs === null ? null : { status, ageMs };
    },
    hasObjective: (id) => configuration.objectives.some((objective) => objective.id === id),
    sources: new Map(configuration.sources.map(({ spec }) => [spec.id, spec])),
    async query(source, check, signal) {
      try {
        return await askSource(source, check, signal);
      } catch (error) {
        throw new Error(redact(error instanceof Error ? error.message : String(error)), { cause: error });
      }
    },
    async alerts(fromMs) {
      const events = await store.events({ kind: 'alert', fromMs });
      return events.flatMap((event) => changeOf(event) ?? []);
    },
    async acknowledgements(service, fromMs) {
      const events = await store.events({ kind: 'incident', service, fromMs });
      return events.flatMap((event) => {
        const body = bodyOf(event);
        if (body?.type !== 'acknowledged') return [];
        return [{ incident: event.subject, by: body.by, via: body.via, atMs: Math.min(body.happenedMs, event.atMs) }];
      });
    },
    holding: (signal) => lookAtHolding({ configuration, clock }, signal),
    invariants: (question, signal) => lookAtTrading({ configuration, store, clock }, question, signal),
  };
}
