/** Second figures that stand beside rows of the playbook. */
import type { Objective } from './objective.ts';

/** Of a row as it is configured: target, window and sources are the row's own. */
export function companionsOf(row: Objective): readonly Objective[] {
  return row.sli.type === 'quantity' && row.weighing === 'quantity' ? [byNotional(row)] : [];
}

/** "Quantities of different symbols don't add: show the notional-weighted figure as well." */
function byNotional(row: Objective): Objective {
  return {
    ...row,
    id: `${row.id}-notional`,
    title: `${row.title}, by notional`,
    weighing: 'notional',
    beside: { id: row.id, label: 'by notional' },
    assumptions: ['the prices that orders are valued at are taken to be in one currency'],
  };
}
