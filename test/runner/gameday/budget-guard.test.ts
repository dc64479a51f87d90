import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetGuard, spendingWatch, type BudgetRules } from '../../../runner/gameday/budget-guard.ts';
import { hourly, judged, objective } from '../../slo/fixtures.ts';
import { exercise } from './world.ts';

const RULES: BudgetRules = { maxBudgetSpend: null, overspend: null, mustKnow: false };
const APPROVED = { by: 'ana', reason: 'owed since May', share: '3.00' };
const mend = 'wait until there is more, or have it approved (--overspend SHARE --approved-by NAME --reason TEXT)';

/** Of the shop: 0.1 % may be bad, so many were of so many. */
const status = (bad: number, { service = 'shop', of = 100_000 } = {}) =>
  judged(hourly([[of - bad, bad]]), { objective: objective({ service }) });
const said = (rules: Partial<BudgetRules>, statuses = [status(50)], scenario = exercise()) => {
  const { ok, detail } = budgetGuard(scenario, { ...RULES, ...rules }, statuses);
  return `${ok ? 'ok' : 'NOT OK'}: ${detail}`;
};

describe('before an exercise', () => {
  it('a tenth of each budget of the component must be left where nobody names a share', () => {
    expect(said({}, [status(90), status(5000, { service: 'other' })])).toBe(
      'ok: it may spend 10.0 % of a budget (the default): slo-api-availability 10.0 % left',
    );
    expect(said({}, [status(91)])).toBe(
      `NOT OK: it may spend 10.0 % of a budget (the default), and there is less: slo-api-availability 9.0 % left; ${mend}`,
    );
  });

  it('a budget that is overspent says by how much', () => {
    expect(said({ maxBudgetSpend: 0.5 }, [status(827)])).toBe(
      `NOT OK: it may spend 50.0 % of a budget (gamedays.maxBudgetSpend), and there is less: slo-api-availability 0.0 % left (827.0 % consumed); ${mend}`,
    );
  });

  it('few events are told, and judged all the same', () => {
    expect(said({}, [status(0, { of: 900 })])).toBe(
      'ok: it may spend 10.0 % of a budget (the default): slo-api-availability 100.0 % left (by 900 events, fewer than 1000)',
    );
    expect(said({}, [status(1, { of: 900 })])).toMatch(/^NOT OK: .* 0\.0 % left \(111\.1 % consumed, by 900 events/);
  });

  it('the smaller of what scenario and configuration allow holds', () => {
    const scenario = exercise({ budget: '5%' });
    expect(said({ maxBudgetSpend: 0.1 }, [], scenario)).toContain(
      "it may spend 5.0 % of a budget (the scenario's budget)",
    );
    expect(said({ maxBudgetSpend: 0.01 }, [], scenario)).toContain(
      'it may spend 1.0 % of a budget (gamedays.maxBudgetSpend)',
    );
    expect(said({}, [], exercise({ budget: '40%' }))).toContain(
      "it may spend 40.0 % of a budget (the scenario's budget)",
    );
  });

  it('what is not known is told, and is not enough in production', () => {
    const unknown = 'it may spend 10.0 % of a budget (the default), but no budget of shop is known';
    expect(said({}, [])).toBe(`ok: ${unknown}`);
    expect(said({ mustKnow: true }, [])).toBe(`NOT OK: ${unknown}, and in production that is not enough; ${mend}`);
    expect(said({ mustKnow: true, overspend: APPROVED }, [])).toContain('ok: it may spend 300.0 %');
  });

  it('so is a budget that something measures and that has no event yet, beside others', () => {
    const silent = { ...status(0), spent: null, consumed: null, objective: objective({ id: 'acks', service: 'shop' }) };
    expect(said({}, [status(50), silent])).toBe(
      'ok: it may spend 10.0 % of a budget (the default): slo-api-availability 50.0 % left, acks not known',
    );
    expect(said({ mustKnow: true }, [status(50), silent])).toBe(
      `NOT OK: it may spend 10.0 % of a budget (the default), but nothing is known of acks, and in production that is not enough; ${mend}`,
    );
    const unfed = { ...silent, objective: objective({ id: 'acks', service: 'shop', unknownBecause: 'no source' }) };
    expect(said({ mustKnow: true }, [status(50), unfed])).toMatch(/^ok: .* 50\.0 % left$/);
  });

  it('somebody may take it on that it is overspent, by name', () => {
    expect(said({ maxBudgetSpend: 0.1, overspend: APPROVED }, [status(827)])).toBe(
      'ok: it may spend 300.0 % of a budget (approved by ana: owed since May), whatever is left of it: slo-api-availability 0.0 % left (827.0 % consumed)',
    );
  });

  it('a second figure beside a row is no budget of its own', () => {
    const beside = { id: 'slo-api-availability', label: 'synthetic' };
    const spent = judged(hourly([[9000, 1000]]), { objective: objective({ id: 'second', service: 'shop', beside }) });
    expect(said({}, [status(50), spent])).toBe(
      'ok: it may spend 10.0 % of a budget (the default): slo-api-availability 50.0 % left',
    );
  });

  it('is decided exactly, for every share and every count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 200 }), (cap, bad) => {
        // 100 events may be bad: one is one hundredth of the budget.
        const { ok } = budgetGuard(exercise(), { ...RULES, maxBudgetSpend: cap / 100 }, [status(bad)]);
        expect(ok).toBe(100 - bad >= cap);
      }),
    );
  });
});

describe('while it is under way', () => {
  it('more spent than allowed ends it, counted from its beginning', () => {
    const watch = spendingWatch(exercise({ budget: '10%' }), RULES);
    expect(watch([status(50)])).toBeNull();
    expect(watch([status(60)])).toBeNull();
    expect(watch([status(70)])).toBe(
      "it has spent 20.0 % of the budget of slo-api-availability, more than the 10.0 % that it may (the scenario's budget)",
    );
  });

  it('the default ends it too, and what was approved goes on to its own end', () => {
    const [byDefault, approved] = [
      spendingWatch(exercise(), RULES),
      spendingWatch(exercise(), { ...RULES, overspend: APPROVED }),
    ];
    expect([byDefault([status(0)]), approved([status(0)])]).toEqual([null, null]);
    expect(byDefault([status(11)])).toContain('it has spent 11.0 %');
    expect(approved([status(300)])).toBeNull();
    expect(approved([status(301)])).toContain('more than the 300.0 % that it may (approved by ana: owed since May)');
  });

  it('a budget that is known only later begins there', () => {
    const watch = spendingWatch(exercise(), RULES);
    expect([watch([]), watch([status(500)]), watch([status(505)])]).toEqual([null, null, null]);
    expect(watch([status(511)])).toContain('it has spent 11.0 %');
  });

  it('one bad run of few ends nothing, and is not forgotten once there are enough', () => {
    const watch = spendingWatch(exercise(), RULES);
    expect(watch([status(0, { of: 100 })])).toBeNull();
    expect(watch([status(2, { of: 900 })])).toBeNull();
    expect(watch([status(2, { of: 1000 })])).toContain('it has spent 200.0 %');
  });
});
