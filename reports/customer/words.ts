/** What a reader needs who has never seen an error budget: each word once. */
import type { Objective } from '../../slo/objective.ts';
import type { StatVerdict, Status } from '../../slo/status.ts';
import { count, percent } from '../figures.ts';
import { list, text } from '../markdown.ts';
import { limitText } from '../objective-text.ts';

const ASKED: Readonly<Record<string, string>> = {
  http: 'an automated request, sent as a client would',
  'market-data': 'a subscription to the live feed',
  'paper-order': 'a practice order, on an account that trades no money',
  signal: 'a subscription to the signals',
  browser: 'a page, opened in a real browser',
  clock: 'a look at the clock of the measuring machine',
  telemetry: 'a question to the platform’s own counters',
};

export function askedText(kind: string): string {
  return ASKED[kind] ?? kind;
}

const EVENTS: Readonly<Record<string, string>> = {
  latency: 'the answer is complete',
  'tick-age': 'a price is no older when it arrives',
  'newest-age': 'the newest price, looked at each second, is no older',
  'signal-age': 'a signal follows its price',
  ack: 'the order is acknowledged',
  'order-fill': 'the order is filled',
  'order-cancel': 'the cancelled order is closed',
  'signal-ack': 'the order that answers a signal is acknowledged',
  'signal-fill': 'the order that answers a signal is filled',
};

/** What makes one measurement good, bad, or no measurement. */
export function countsText({ sli }: Pick<Objective, 'sli'>): string {
  switch (sli.type) {
    case 'availability':
      return 'Good: a success (HTTP 2xx or 3xx) that says what it should. Bad: a server error (5xx), no answer in time, a failed connection, a wrong content. Left out: what the service rightly refuses (4xx)';
    case 'threshold':
      return `Good: ${EVENTS[sli.indicator] ?? text(sli.indicator)} (${text(limitText(sli))}). Bad: later, or never`;
    case 'quantity':
      return 'Good: the part of an order that was executed. Bad: the rest';
    default:
      return `Good and all: ${text(sli.what)}`;
  }
}

const PROOF: Readonly<Record<StatVerdict, string>> = {
  DEMONSTRATED: 'yes, kept',
  VIOLATED: 'yes, missed',
  INCONCLUSIVE: 'no',
};

export function proofText({ statVerdict }: Pick<Status, 'statVerdict'>, isShort: boolean): string {
  if (isShort && statVerdict === 'DEMONSTRATED') return 'no, only for what was measured';
  return statVerdict === null ? '–' : PROOF[statVerdict];
}

/** @param isShort so little of the period was measured that nothing is said of the rest */
export function verdictText(met: boolean | null, isShort: boolean): string {
  if (met === null) return '**not known**';
  return met ? (isShort ? 'kept **as far as it was measured**' : 'kept') : '**missed**';
}

/** What a person is to look at before the figure is relied on; in words, not in the marks of the internal page. */
/** @param short how much of the period was measured, where that is too little */
export function reviewTexts(status: Status, short: string | null): readonly string[] {
  const { objective, validEvents, enoughEvents, worstSplit, borderline, excludedShare, coverage } = status;
  return [
    ...(short === null || status.met === null
      ? []
      : [`${short}: of the rest of the period nothing is known, and no verdict is one over all of it`]),
    ...(status.met === null || enoughEvents
      ? []
      : [
          `only ${count(validEvents)} measurements, where ${count(objective.minEvents)} are wanted: a person is to review the figure`,
        ]),
    ...(enoughEvents && status.manualReview && status.met !== null
      ? ['one of its parts has too few measurements: a person is to review it']
      : []),
    ...(worstSplit === null ? [] : [`the figure is that of the worst part, ${text(worstSplit.split)}`]),
    ...(status.regression === true ? [`${regressionText(status)}; the verdict goes by all of the period`] : []),
    ...(coverage !== null && coverage < 1 - MUCH_LEFT_OUT
      ? [`only ${percent(coverage)} of what was due was really measured`]
      : []),
    ...((excludedShare ?? 0) > MUCH_LEFT_OUT ? ['more than 5 % of the measurements were left out'] : []),
    ...(borderline === null || validEvents === 0
      ? []
      : borderline.events === null
        ? ['nothing vouched for the clock that it was measured by']
        : borderline.events > 0
          ? [
              `${count(borderline.events)} measurements were so near to the limit that the clock’s error may have decided`,
            ]
          : []),
    ...(objective.assumptions.length === 0 ? [] : ['rests on an assumption that is not agreed yet (see below)']),
  ];
}

/** A ratio is looked at over its last whole hour, a percentile over its live window. */
function regressionText({ live }: Status): string {
  if (live !== null) return 'more than 2 % beyond its limit in the newest measurements';
  return 'more than 2 % worse than promised in the last whole hour alone';
}

/** Where silence could hide something. */
const MUCH_LEFT_OUT = 0.05;

export function explained(): string {
  return list([
    '**Measurement, event**: one request, one order, one price. All measurements are our own, made by a program around the clock; none is taken from a customer’s traffic.',
    '**Measured**: the good share of the measurements that count. *By time* means that each measurement stands for the time until the next: measuring more often while a service is unwell changes nothing. The plain counts stand beside it.',
    '**Range (95 %)**: measurements are samples. If everything were measured again under the same conditions, the true share would lie in such a range 95 times out of 100. (Wilson’s interval, on effective counts.)',
    '**Proven**: whether the measurements are enough to exclude chance, by a stricter range (Clopper–Pearson, 95 %). *No* does not change the verdict: the contract goes by what was measured.',
    '**Allowed**: what a promise leaves. At least 99.5 % good leaves 0.5 % that may fail.',
    '**Coverage**: of the measurements that were due while our program ran (or of their time), the part that was really made. What our own measuring missed or spoiled counts neither for nor against the service.',
    '**Measured, of the period**: the part of the period for which any measurement at all is on record, by the minute, whether it succeeded, failed or was spoiled. One that is repeated every five minutes stands for five. Where it is below 90 %, a commitment counts as kept only as far as it was measured; where measuring goes by a calendar, when more than a tenth of the period lies before the first measurement.',
    '**p50, p95, worst p99**: half, 95 % and 99 % of the measurements of a stretch were at most that long. **Never happened**: an answer that was waited for in vain; it counts as bad.',
    'Percentages are never rounded up to 100 %, nor across a promise. All times are UTC.',
  ]);
}
