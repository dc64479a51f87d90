/** Asks objectives and queries on clocks of their own. One that hangs is given up in its time, and is then not known. */
import type { Clock } from '../../probes/probe.ts';
import type { Check, Condition } from '../../scenarios/condition.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Found, ObjectiveCheck, QueryCheck } from '../../scenarios/standing.ts';
import type { AskedSource } from './ask-source.ts';
import { bounded } from './bounded.ts';
import { conditionsOf } from './conditions.ts';
import type { Desk } from './desk.ts';
import type { EvidenceLog } from './evidence-log.ts';

export type StandingCheck = ObjectiveCheck | QueryCheck;

export interface StandingOptions {
  readonly scenario: Scenario;
  readonly desk: Desk | null;
  readonly log: EvidenceLog;
  readonly clock: Clock;
  readonly sinceStartMs: () => number;
  readonly signal: AbortSignal;
}

/** An objective is looked at each second; it is evaluated again when that was longer ago than `Desk.status` allows. */
const OBJECTIVE_EVERY_MS = 1_000;
const OBJECTIVE_TIMEOUT_MS = 10_000;

function isStanding(check: Check): check is StandingCheck {
  return check.type === 'objective' || check.type === 'query';
}

export function standingChecks(conditions: readonly Condition[]): readonly StandingCheck[] {
  return conditions.flatMap(({ checks }) => checks).filter(isStanding);
}

export function standingEveryMs(check: StandingCheck): number {
  return check.type === 'query' ? check.everyMs : OBJECTIVE_EVERY_MS;
}

export function sourceOf(name: string, scenario: Scenario, desk: Desk | null): AskedSource | null {
  return scenario.sources.find((source) => source.name === name) ?? desk?.sources.get(name) ?? null;
}

/** Resolves when the signal has aborted. Never rejects. */
export async function watchStanding(options: StandingOptions): Promise<void> {
  const asked = new Map<string, StandingCheck>();
  for (const check of standingChecks(conditionsOf(options.scenario))) {
    // The same question in two conditions is put once, at the quicker pace.
    const known = asked.get(check.probe);
    if (known === undefined || standingEveryMs(check) < standingEveryMs(known)) asked.set(check.probe, check);
  }
  await Promise.all([...asked.values()].map((check) => watchOne(check, options)));
}

async function watchOne(check: StandingCheck, options: StandingOptions): Promise<void> {
  const { log, clock, sinceStartMs, signal } = options;
  const everyMs = standingEveryMs(check);
  while (!signal.aborted) {
    const askedAtMs = sinceStartMs();
    const { found, ageMs } = await askOnce(check, options);
    if (signal.aborted) return;
    const startedAtMs = ageMs === null ? askedAtMs : sinceStartMs() - ageMs;
    log.add({
      probe: check.probe,
      outcome: found.type === 'nothing' ? 'fault' : 'good',
      readings: [],
      startedAtMs,
      endedAtMs: sinceStartMs(),
      found,
    });
    const restMs = everyMs - ((sinceStartMs() - askedAtMs) % everyMs);
    await clock.sleep(restMs, signal).catch(() => undefined);
  }
}

interface Answered {
  readonly found: Found;
  /** How old the answer is; null: as old as the question. */
  readonly ageMs: number | null;
}

const nothing = (why: string): Answered => ({ found: { type: 'nothing', why }, ageMs: null });

async function askOnce(check: StandingCheck, options: StandingOptions): Promise<Answered> {
  const { desk, clock, signal, scenario } = options;
  if (desk === null) return nothing('nobody can be asked here');
  const timeoutMs = check.type === 'query' ? check.timeoutMs : OBJECTIVE_TIMEOUT_MS;
  const ask = async (inner: AbortSignal): Promise<Answered> => {
    if (check.type === 'objective') {
      const found = await desk.status(check.objective, inner);
      if (found === null) return nothing('there is no such objective');
      return { found: { type: 'status', status: found.status }, ageMs: found.ageMs };
    }
    const source = sourceOf(check.source, scenario, desk);
    if (source === null) return nothing('there is no such source');
    return { found: { type: 'value', value: await desk.query(source, check, inner) }, ageMs: null };
  };
  const answer = await bounded(ask, clock, timeoutMs, signal);
  return answer.ok ? answer.value : nothing(answer.why);
}
