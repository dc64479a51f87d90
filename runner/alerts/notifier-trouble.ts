/** Notifiers that do not get through: when that is an alert, and for how long. Pure. */
import type { LedgerEvent } from '../../store/store.ts';
import type { Alert, Condition } from './alert.ts';
import type { LaneTrouble } from './lane.ts';
import type { Route } from './routes.ts';

/** One failure is a hiccup, unless it lost a notice. */
const TROUBLED_AFTER = 3;
const TROUBLED_FOR_MS = 5 * 60_000;
/** Nothing was heard of a notifier since it lost a notice: whether it still fails is not known. As long as a notice is tried. */
const LOST_FOR_MS = 6 * 3_600_000;

const PREFIX = 'notifier/';

/** @param isBusy something has still to be said. @param nowMs monotonic */
export function troubleOf(
  name: string,
  route: Route,
  trouble: LaneTrouble | null,
  isBusy: boolean,
  nowMs: number,
): Condition | null {
  if (trouble === null) return null;
  const { tries, sinceMs, lastMs, lastAtMs, isLost, reason } = trouble;
  const isNews = isLost && nowMs - lastMs < LOST_FOR_MS;
  const isGoingOn = isBusy && (tries >= TROUBLED_AFTER || nowMs - sinceMs >= TROUBLED_FOR_MS);
  if (!isNews && !isGoingOn) return null;
  // Whoever is to be woken by it must hear of it at once.
  const pages = route.as.length === 0 || route.as.includes('page');
  return {
    key: `${PREFIX}${name}`,
    rule: 'notifier',
    severity: pages ? 'SEV-2' : 'SEV-3',
    as: pages ? 'page' : 'ticket',
    service: null,
    objective: null,
    says: `notifier ${name} does not get through: ${tries} ${tries === 1 ? 'failure' : 'failures'}, the last: ${reason}`,
    lastBadAtMs: lastAtMs,
  };
}

/** What an earlier process found of a notifier: it had no time to say whether it fails still. */
export interface Inherited {
  readonly alert: Alert;
  /** Of the last failure that is on record, wall clock. */
  readonly lastAtMs: number;
}

/** By the notifier's name. */
export function inheritedOf(
  standing: readonly Alert[],
  notifications: readonly LedgerEvent[],
): ReadonlyMap<string, Inherited> {
  const own = standing.filter(({ rule }) => rule === 'notifier');
  return new Map(
    own.map((alert) => {
      const name = alert.key.slice(PREFIX.length);
      const failed = notifications.findLast(({ subject, body }) => subject === name && body['state'] === 'failed');
      return [name, { alert, lastAtMs: Math.max(alert.lastBadAtMs ?? alert.openedMs, failed?.atMs ?? 0) }];
    }),
  );
}

/** Until it takes something, or fails in this process; and no longer than a loss is news. @param nowMs wall clock */
export function stillStands({ lastAtMs }: Inherited, isBusy: boolean, nowMs: number): boolean {
  return isBusy || nowMs - lastAtMs < LOST_FOR_MS;
}
