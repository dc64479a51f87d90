import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Objective } from '../slo/objective.ts';
import type { Rule } from './judge.ts';
import { limitAt, type ThresholdSli } from './limit.ts';
import { number, written } from './rows.ts';

/** A rule whose limit may have versions. */
export type VersionedRule = Rule & Partial<Pick<Objective, 'target' | 'versions'>>;

/** Exactly what judging depends on, in a fixed order, so that its text can be hashed. */
export function ruleText(rule: Rule): string {
  const { sli } = rule;
  return JSON.stringify({
    id: rule.id,
    sli:
      sli.type === 'threshold'
        ? { type: sli.type, indicator: sli.indicator, ms: sli.ms, strict: sli.strict, ...earlierOf(sli) }
        : sli.type === 'telemetry'
          ? { type: sli.type, what: sli.what, medianMs: sli.medianMs }
          : { type: sli.type },
    weighing: rule.weighing,
    split: rule.split,
    probes: rule.probes.toSorted(),
  });
}

/** Nothing where there is none, so that ledgers from before limits had versions are not judged anew. */
function earlierOf({ earlier = [] }: ThresholdSli): Pick<ThresholdSli, 'earlier'> {
  return earlier.length === 0 ? {} : { earlier: earlier.map(({ ms, strict, untilMs }) => ({ ms, strict, untilMs })) };
}

export function ruleHash(rule: Rule): string {
  return createHash('sha256').update(ruleText(rule)).digest('hex');
}

/** Half-open, wall-clock ms. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When the limits of two rules differ; null where something else differs as well. A change of limit that holds from now on
 * leaves all that was counted as it is: months of results need not be judged anew for it.
 */
export function changedStretches(before: Rule, after: Rule): readonly Stretch[] | null {
  const [old, now] = [before.sli, after.sli];
  if (old.type !== 'threshold' || now.type !== 'threshold') return null;
  const unlimited = (rule: Rule, { indicator }: ThresholdSli): string =>
    ruleText({ ...rule, sli: { type: 'threshold', indicator, ms: 0, strict: false } });
  if (unlimited(before, old) !== unlimited(after, now)) return null;
  const ends = [...(old.earlier ?? []), ...(now.earlier ?? [])].map(({ untilMs }) => untilMs);
  const starts = [Number.NEGATIVE_INFINITY, ...new Set(ends.toSorted((a, b) => a - b))];
  return starts.flatMap((fromMs, index) => {
    const [was, is] = [limitAt(old, fromMs), limitAt(now, fromMs)];
    if (was.ms === is.ms && was.strict === is.strict) return [];
    return [{ fromMs, toMs: starts[index + 1] ?? Number.POSITIVE_INFINITY }];
  });
}

/** How a ledger's objectives differ from those it is opened with. */
export interface RuleChange {
  readonly rule: Rule;
  /** Judge every stored result anew, or only those after this one. */
  readonly afterSeq: number | null;
  /** Only these steps are judged otherwise: nothing but limits, and when they hold, has changed. Null: all may be. */
  readonly within: readonly Stretch[] | null;
}

/** The definitions that a ledger judges by. They live in it, so that every process that appends judges alike. */
export class RuleTable {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  active(): readonly Rule[] {
    const rows = this.#db.prepare('SELECT rule FROM objectives WHERE retired_seq IS NULL ORDER BY id').all();
    return rows.map((row) => written<Rule>(row, 'rule', 'json'));
  }

  /** Objectives whose tallies must be built: new ones, changed ones, and those that were out of use for a while. */
  changes(rules: readonly Rule[]): readonly RuleChange[] {
    const known = this.#db.prepare('SELECT hash, rule, retired_seq FROM objectives WHERE id = ?');
    return rules.flatMap((rule): readonly RuleChange[] => {
      const row = known.get(rule.id);
      if (row === undefined) return [{ rule, afterSeq: null, within: null }];
      const isInUse = row['retired_seq'] === null;
      if (row['hash'] !== ruleHash(rule)) {
        const before = written<Rule>(row, 'rule', 'json');
        // A migration that changes what judging finds takes the hash away: all is judged anew then.
        const isWhole = isInUse && row['hash'] === ruleHash(before);
        return [{ rule, afterSeq: null, within: isWhole ? changedStretches(before, rule) : null }];
      }
      return isInUse ? [] : [{ rule, afterSeq: number(row, 'retired_seq'), within: null }];
    });
  }

  /** Makes `rules` the ones in use; the others keep their tallies and remember up to where they were judged. */
  use(rules: readonly Rule[], lastSeq: number): boolean {
    let changed = false;
    const wanted = new Set(rules.map(({ id }) => id));
    const retire = this.#db.prepare('UPDATE objectives SET retired_seq = ? WHERE id = ?');
    for (const { id } of this.active()) {
      if (wanted.has(id)) continue;
      retire.run(lastSeq, id);
      changed = true;
    }
    const put = this.#db.prepare(
      'INSERT OR REPLACE INTO objectives (id, hash, rule, retired_seq) VALUES (?, ?, ?, NULL)',
    );
    for (const { rule } of this.changes(rules)) {
      put.run(rule.id, ruleHash(rule), ruleText(rule));
      changed = true;
    }
    return changed;
  }
}
