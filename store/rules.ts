import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Rule } from './judge.ts';
import { number, written } from './rows.ts';

/** Exactly what judging depends on, in a fixed order, so that its text can be hashed. */
export function ruleText(rule: Rule): string {
  const { sli } = rule;
  return JSON.stringify({
    id: rule.id,
    sli:
      sli.type === 'threshold'
        ? { type: sli.type, indicator: sli.indicator, ms: sli.ms, strict: sli.strict }
        : sli.type === 'telemetry'
          ? { type: sli.type, what: sli.what }
          : { type: sli.type },
    weighing: rule.weighing,
    split: rule.split,
    probes: rule.probes.toSorted(),
  });
}

export function ruleHash(rule: Rule): string {
  return createHash('sha256').update(ruleText(rule)).digest('hex');
}

/** How a ledger's objectives differ from those it is opened with. */
export interface RuleChange {
  readonly rule: Rule;
  /** Judge every stored result anew, or only those after this one. */
  readonly afterSeq: number | null;
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
    const known = this.#db.prepare('SELECT hash, retired_seq FROM objectives WHERE id = ?');
    return rules.flatMap((rule): readonly RuleChange[] => {
      const row = known.get(rule.id);
      if (row === undefined || row['hash'] !== ruleHash(rule)) return [{ rule, afterSeq: null }];
      return row['retired_seq'] === null ? [] : [{ rule, afterSeq: number(row, 'retired_seq') }];
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
