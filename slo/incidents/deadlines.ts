/**
 * The clocks of an incident: an incident in, what is or was due of it out. Pure, and without memory: what was found is in
 * the incident's events. People's minutes are minutes: nothing here is scaled.
 */
import type { Role } from './event.ts';
import type { Incident, Round } from './incident.ts';
import { pagedSteps, type PagedSteps, type Timing } from './ladder.ts';

export interface Deadline {
  /** `acknowledge`, `status-page/3`; of the second severity `2/acknowledge`. */
  readonly key: string;
  /** What has to have happened. */
  readonly what: string;
  readonly dueMs: number;
  /** When it happened; null: it has not. */
  readonly metMs: number | null;
  /** Who is told when it is missed. */
  readonly to: Role;
}

/** Everything that is or was due by `nowMs`, and the next of each kind, oldest first. */
export function deadlinesOf(incident: Incident, timing: Timing, nowMs: number): readonly Deadline[] {
  const { rounds, resolved } = incident;
  const found: Deadline[] = [];
  let running: ReadonlyMap<string, number> = new Map();
  rounds.forEach((round, index) => {
    const endMs = rounds[index + 1]?.startMs ?? resolved?.atMs ?? null;
    const prefix = roundPrefix(index);
    const clocks = clocksOf(incident, { round, index, endMs, nowMs, timing, running });
    const isOpen = ({ dueMs, metMs }: Deadline): boolean =>
      endMs !== null && dueMs > endMs && (metMs === null || metMs > endMs);
    // What was still running is taken over by the next severity, and ends with the incident.
    running = new Map(clocks.filter(isOpen).map(({ key, dueMs }) => [kindOf(key), dueMs]));
    found.push(...clocks.filter((each) => !isOpen(each)).map((each) => ({ ...each, key: `${prefix}${each.key}` })));
  });
  return [...found, ...afterwards(incident, timing)].toSorted((a, b) => a.dueMs - b.dueMs);
}

export function roundPrefix(index: number): string {
  return index === 0 ? '' : `${index + 1}/`;
}

/** `status-page/3` → `status-page`. */
export function kindOf(key: string): string {
  return key.replace(/\/\d+$/, '');
}

interface Stretch {
  readonly round: Round;
  readonly index: number;
  readonly endMs: number | null;
  readonly nowMs: number;
  readonly timing: Timing;
  /** Clocks of the milder severity that were still running when this one began: none of them is set back. */
  readonly running: ReadonlyMap<string, number>;
}

function clocksOf(incident: Incident, stretch: Stretch): readonly Deadline[] {
  const steps = pagedSteps(stretch.timing.ladder, stretch.round.severity);
  return steps === null ? ticketClocks(incident, stretch) : pagedClocks(incident, stretch, steps);
}

function pagedClocks(incident: Incident, stretch: Stretch, steps: PagedSteps): readonly Deadline[] {
  const { startMs } = stretch.round;
  const sooner = (kind: string, dueMs: number): number => Math.min(dueMs, stretch.running.get(kind) ?? dueMs);
  const since = (moments: readonly { readonly atMs: number }[]): number | null => {
    const later = moments.flatMap(({ atMs }) => (atMs >= startMs ? [atMs] : []));
    return later.length === 0 ? null : Math.min(...later);
  };
  const reached = (to: Role) => incident.reached.filter((each) => each.to === to);
  const handledMs = since(incident.acknowledged);
  // Who has acknowledged was reached, whatever way that took.
  const pagedMs = since([...reached('on-call'), ...incident.acknowledged]);
  const pageDueMs = sooner('page', startMs + steps.page);
  // A page that comes late grants nobody more time.
  const fromMs = Math.min(pagedMs ?? pageDueMs, pageDueMs);
  const acknowledgeDueMs = sooner('acknowledge', fromMs + steps.acknowledge);
  const { commander } = incident;
  return [
    due('page', 'on-call paged', pageDueMs, pagedMs, 'engineering-manager'),
    due('acknowledge', 'acknowledged by on-call', acknowledgeDueMs, handledMs, 'engineering-manager'),
    ...(stretch.index > 0
      ? []
      : [
          due(
            'domain-owner',
            'domain owner engaged',
            startMs + steps.engage,
            reached('domain-owner')[0]?.atMs ?? null,
            'engineering-manager',
          ),
        ]),
    ...(steps.commander === null
      ? []
      : [
          due(
            'commander',
            'incident commander named',
            startMs + steps.commander,
            commander?.atMs ?? null,
            'engineering-manager',
          ),
        ]),
    ...(steps.leadership === null
      ? []
      : [
          due(
            'leadership',
            'leadership told',
            startMs + steps.leadership,
            since(reached('leadership')),
            'engineering-manager',
          ),
        ]),
    ...updates(incident, stretch, {
      kind: 'status-page',
      what: 'status page updated',
      everyMs: steps.statusPage,
      to: 'customer-success',
    }),
  ];
}

/** A ticket: the next business hour, and a status each week. */
function ticketClocks(incident: Incident, stretch: Stretch): readonly Deadline[] {
  const { ladder, afterBusinessTime } = stretch.timing;
  const { startMs } = stretch.round;
  const dueMs = afterBusinessTime(startMs, ladder.sev3.acknowledge);
  const handledMs = incident.acknowledged[0]?.atMs ?? null;
  return [
    due('acknowledge', 'acknowledged by the next business hour', dueMs, handledMs, 'domain-owner'),
    ...updates(incident, stretch, {
      kind: 'weekly-status',
      what: 'weekly status',
      everyMs: ladder.sev3.status,
      to: 'domain-owner',
    }),
  ];
}

interface Updates {
  readonly kind: string;
  readonly what: string;
  readonly everyMs: number;
  readonly to: Role;
}

/** From one update to the next no more than the interval passes; one that was missed is due again an interval later. */
function updates(
  { statusPosts }: Incident,
  { round, endMs, nowMs, running }: Stretch,
  { kind, what, everyMs, to }: Updates,
): readonly Deadline[] {
  const { startMs } = round;
  const untilMs = endMs ?? Math.max(nowMs, startMs);
  const posts = statusPosts
    .map(({ atMs }) => atMs)
    .filter((atMs) => atMs >= startMs && atMs <= untilMs)
    .toSorted((a, b) => a - b);
  const slots: { readonly dueMs: number; readonly metMs: number | null }[] = [];
  let dueMs = Math.min(startMs + everyMs, running.get(kind) ?? Number.POSITIVE_INFINITY);
  for (const postMs of posts) {
    for (; dueMs < postMs; dueMs += everyMs) slots.push({ dueMs, metMs: null });
    slots.push({ dueMs, metMs: postMs });
    dueMs = postMs + everyMs;
  }
  for (; dueMs <= untilMs; dueMs += everyMs) slots.push({ dueMs, metMs: null });
  slots.push({ dueMs, metMs: null });
  return slots.map((slot, index) => due(`${kind}/${index + 1}`, what, slot.dueMs, slot.metMs, to));
}

function afterwards({ rounds, resolved, reported, reviewed, isBreach }: Incident, { ladder }: Timing): Deadline[] {
  if (resolved === null || rounds.every(({ severity }) => severity === 'SEV-3')) return [];
  const report = due(
    'report',
    'post-incident report',
    resolved.atMs + ladder.report,
    reported?.atMs ?? null,
    'engineering-manager',
  );
  const what = 'incident review with product and customer success';
  const review = due('review', what, resolved.atMs + ladder.review, reviewed?.atMs ?? null, 'product-lead');
  return isBreach ? [report, review] : [report];
}

function due(key: string, what: string, dueMs: number, metMs: number | null, to: Role): Deadline {
  return { key, what, dueMs, metMs, to };
}
