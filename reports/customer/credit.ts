/** What a credit clause asks for, exactly. Which credit follows is for the contract to say. */
import { attainment, shareOf } from '../../slo/budget.ts';
import {
  compare,
  decimal,
  divide,
  fromNumber,
  multiply,
  ONE,
  rational,
  subtract,
  toFixed,
  ZERO,
  type Rational,
} from '../../slo/decimal.ts';
import type { Objective } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import { shareText, targetPercent } from '../figures.ts';
import { table, text } from '../markdown.ts';
import { windowText } from '../objective-text.ts';

/** Weight in one unit that a person knows. Of quantities there is none. */
const UNITS: Readonly<Partial<Record<Objective['weighing'], readonly [bigint, string]>>> = {
  time: [60_000_000n, 'min'],
  count: [1n, 'events'],
  fraction: [1_000_000n, 'events'],
};

export interface Credit {
  /** To the digits of the promise, cut off: never better than what was measured. */
  readonly attained: string;
  readonly failed: string;
  readonly allowed: string;
  readonly beyond: string;
}

export function creditOf(status: Status): Credit | null {
  const { objective, tally } = status;
  const exact = attainment(shareOf(tally));
  const unit = UNITS[objective.weighing];
  if (exact === null) return null;
  const bad = rational(tally.badWeight);
  const allowed = allowedWeight(status);
  const over = compare(bad, allowed) > 0 ? subtract(bad, allowed) : ZERO;
  const shown = (weight: Rational): string => {
    if (unit === undefined) return '–';
    const places = unit[1] === 'min' || weight.den !== 1n ? 1 : 0;
    return `${grouped(toFixed(divide(weight, rational(unit[0])), places))} ${unit[1]}`;
  };
  return {
    attained: cutPercent(exact, objective.target),
    failed: shown(bad),
    allowed: shown(allowed),
    beyond: shown(over),
  };
}

/** Of a window that spans a change of target, each part by its own: consumption is exactly bad ÷ allowed. */
function allowedWeight({ tally, objective, required, spent, versions }: Status): Rational {
  const valid = rational(tally.goodWeight + tally.badWeight);
  if (spent !== null && spent.num > 0n) return divide(rational(tally.badWeight), spent);
  const target = versions.length > 1 && required !== null ? fromNumber(required) : decimal(objective.target);
  return multiply(valid, subtract(ONE, target));
}

/** "99.79 %" of a promise of "0.9950" is "99.79 %": as many decimals as the promise has. */
export function cutPercent(exact: Rational, target: string): string {
  const places = Math.max(0, (target.split('.')[1]?.length ?? 0) - 2);
  const scale = 10n ** BigInt(places);
  const cut = rational((exact.num * 100n * scale) / exact.den, scale);
  return `${toFixed(cut, places)} %`;
}

function grouped(digits: string): string {
  const [whole = '0', fraction] = digits.split('.');
  const parts = whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? parts : `${parts}.${fraction}`;
}

/** With everything, and below it without what was agreed to be left out. */
export function creditTable(
  statuses: readonly Status[],
  without: readonly Status[],
  { scale, verdict }: { readonly scale: number; readonly verdict: (status: Status) => string },
): string {
  const isSliding = statuses.some(({ windows }) => windows !== null);
  const row = (status: Status, name: string): readonly string[] => {
    const credit = creditOf(status);
    const { objective, windows } = status;
    return [
      name,
      `${targetPercent(objective.target)} over ${windowText(objective, scale)}`,
      credit?.attained ?? '–',
      credit?.failed ?? '–',
      credit?.allowed ?? '–',
      credit?.beyond ?? '–',
      ...(isSliding ? [windows === null ? '–' : shareText(windows.passed, windows.judged)] : []),
      verdict(status),
    ];
  };
  return table(
    [
      { name: 'Commitment' },
      { name: 'Promised' },
      { name: 'Attained, to the promise’s digits', align: 'right' },
      { name: 'Failed', align: 'right' },
      { name: 'Allowed', align: 'right' },
      { name: 'Failed beyond that', align: 'right' },
      ...(isSliding ? [{ name: 'Windows passed' }] : []),
      { name: 'Kept?' },
    ],
    statuses.flatMap((status) => {
      const other = without.find(({ objective }) => objective.id === status.objective.id);
      return [
        row(status, text(status.objective.title)),
        ...(other === undefined ? [] : [row(other, '… without exclusions')]),
      ];
    }),
    'No commitment is among the objectives of this report.',
  );
}
