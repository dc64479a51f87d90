/** What a venue says about an order, in the words that decide. */

export type Standing = 'pending' | 'live' | 'filled' | 'cancelled' | 'rejected';

export interface OrderState {
  readonly orderId: string;
  /** As the venue writes it. */
  readonly status: string;
  readonly standing: Standing;
  /** The broker has answered, by an acknowledgement, a fill or a reject. */
  readonly answered: boolean;
  /** Decimal text; "0" when nothing is filled. */
  readonly filled: string;
  readonly rejectReason: string | null;
}

/** A word that is not here is taken for an order that nobody has acknowledged: the cautious reading. */
const STANDING: Readonly<Record<string, Standing>> = {
  pending: 'pending',
  pending_new: 'pending',
  submitted: 'pending',
  queued: 'pending',
  acknowledged: 'live',
  accepted: 'live',
  new: 'live',
  open: 'live',
  working: 'live',
  partial: 'live',
  partially_filled: 'live',
  pending_cancel: 'live',
  filled: 'filled',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  expired: 'cancelled',
  rejected: 'rejected',
};

export function isOpen(state: OrderState): boolean {
  return state.standing === 'pending' || state.standing === 'live';
}

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One order of an answer; null when it is none. */
export function orderState(value: unknown): OrderState | null {
  if (!isMembers(value)) return null;
  const { order_id: orderId, status } = value;
  if ((typeof orderId !== 'string' && typeof orderId !== 'number') || typeof status !== 'string') return null;
  const word = status.toLowerCase();
  const standing = STANDING[word] ?? 'pending';
  const filled = quantityText(value['filled_quantity']);
  // A cancel may be on its way to an order that was never acknowledged: only the acknowledgement itself tells.
  const acknowledged =
    typeof value['ack_timestamp'] === 'number' ||
    typeof value['ack_timestamp'] === 'string' ||
    (standing === 'live' && word !== 'pending_cancel');
  return {
    orderId: String(orderId),
    status: word,
    standing,
    answered: acknowledged || standing === 'filled' || standing === 'rejected' || filled !== '0',
    filled,
    rejectReason: typeof value['reject_reason'] === 'string' ? value['reject_reason'] : null,
  };
}

/** The order with our id in an answer to a question: a list, `{orders: […]}`, or the order itself. */
export function findOrder(value: unknown, clientOrderId: string): OrderState | null {
  const listed = isMembers(value) && Array.isArray(value['orders']) ? value['orders'] : value;
  const candidates: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  const ours = candidates.find((order) => isMembers(order) && order['client_order_id'] === clientOrderId);
  return orderState(ours);
}

/** JSON numbers print without an exponent between 1e-6 and 1e21, which holds every quantity that the limits admit. */
export function quantityText(value: unknown): string {
  if (typeof value !== 'number' && typeof value !== 'string') return '0';
  const text = typeof value === 'number' && Math.abs(value) < 1e-6 ? value.toFixed(12) : String(value);
  if (!/^\d+(?:\.\d+)?$/.test(text)) return '0';
  return text.includes('.') ? text.replace(/\.?0+$/, '') || '0' : text;
}
