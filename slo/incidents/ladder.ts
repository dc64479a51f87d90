/** How long each step of the severity ladder and the escalation flow may take: the playbook's minutes, and what it leaves open. */
import type { Severity } from '../objective.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of an incident that pages. */
export interface PagedSteps {
  /** On-call is paged. At once is within a minute: a notifier has to take it. */
  readonly page: number;
  /** Acknowledged, from the page on. */
  readonly acknowledge: number;
  /** The domain owner is told; at once, likewise. */
  readonly engage: number;
  /** An incident commander is named, leadership is told; null: the severity asks for neither. */
  readonly commander: number | null;
  readonly leadership: number | null;
  /** Unresolved: the domain's engineering manager hears of it, */
  readonly escalate: number;
  /** and after as long again as this VP Engineering and the product lead. */
  readonly persist: number;
  /** From one update of the status page to the next. */
  readonly statusPage: number;
}

export interface Ladder {
  readonly sev1: PagedSteps;
  readonly sev2: PagedSteps;
  readonly sev3: {
    /** Business time. */
    readonly acknowledge: number;
    /** From one status to the next. */
    readonly status: number;
  };
  /** From the resolution on: the post-incident report; after a breach the review with product and customer success. */
  readonly report: number;
  readonly review: number;
}

/** Milliseconds. `persist`, `engage` and `review` are ours; all else is the playbook's. */
export const PLAYBOOK_LADDER: Ladder = {
  sev1: {
    page: MINUTE,
    acknowledge: 5 * MINUTE,
    engage: MINUTE,
    commander: 5 * MINUTE,
    leadership: 15 * MINUTE,
    escalate: 15 * MINUTE,
    persist: 15 * MINUTE,
    statusPage: 30 * MINUTE,
  },
  sev2: {
    page: 15 * MINUTE,
    acknowledge: 5 * MINUTE,
    engage: MINUTE,
    commander: null,
    leadership: null,
    escalate: 60 * MINUTE,
    persist: 60 * MINUTE,
    statusPage: 60 * MINUTE,
  },
  sev3: { acknowledge: HOUR, status: 7 * DAY },
  report: 48 * HOUR,
  review: 7 * DAY,
};

/** What an incident is timed by. */
export interface Timing {
  readonly ladder: Ladder;
  /** The moment at which so much business time has passed since another. */
  readonly afterBusinessTime: (sinceMs: number, ms: number) => number;
}

/** Null: a ticket, which pages nobody. */
export function pagedSteps({ sev1, sev2 }: Ladder, severity: Severity): PagedSteps | null {
  return severity === 'SEV-1' ? sev1 : severity === 'SEV-2' ? sev2 : null;
}
