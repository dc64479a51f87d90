import { buildSchema, graphql, GraphQLError } from 'graphql';
import type { ExecutionResult } from 'graphql';
import { OPEN } from './order.ts';
import type { Order } from './order.ts';
import { placeOrder } from './place.ts';
import type { VenueState } from './state.ts';

const schema = buildSchema(`
  type Status { status: String! uptimeSeconds: Float! version: String! }
  type Account { accountId: ID! mode: String! }
  type Position {
    symbol: String! quantity: Float! entryPrice: Float! currentPrice: Float! unrealizedPnl: Float!
  }
  "Timestamps are microseconds since the epoch."
  type Order {
    orderId: ID! clientOrderId: String symbol: String! side: String! orderType: String! quantity: Float!
    price: Float venue: String! status: String! filledQuantity: Float! averagePrice: Float
    createdTimestamp: Float! ackTimestamp: Float fillTimestamp: Float closedTimestamp: Float rejectReason: String
  }
  input OrderInput {
    symbol: String! side: String! orderType: String quantity: Float! price: Float referencePrice: Float
    timeInForce: String venue: String clientOrderId: String
  }
  type Query {
    status: Status!
    account: Account!
    positions: [Position!]!
    "status: open, or one of the order statuses"
    orders(status: String, clientOrderId: String): [Order!]!
  }
  type Mutation {
    submitOrder(input: OrderInput!): Order!
    cancelOrder(orderId: ID!): Order!
  }
`);

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/** Runs one GraphQL request against the venue. Problems come back in `errors`, with the REST error in `extensions.code`. */
export function runGraphql(
  state: VenueState,
  maxNotional: () => number,
  request: GraphqlRequest,
): Promise<ExecutionResult> {
  const rootValue = {
    status: () => camel(state.status()),
    account: () => camel(state.account()),
    positions: () => state.positions().map(camel),
    orders: (args: { status?: string; clientOrderId?: string }) =>
      select(state, args.status, args.clientOrderId).map(camel),
    submitOrder: ({ input }: { input: Record<string, unknown> }) => {
      const answer = placeOrder(state.orders, maxNotional(), snake(input));
      if (answer.ok) return camel(answer.order);
      throw new GraphQLError(answer.message, { extensions: { code: answer.error } });
    },
    cancelOrder: ({ orderId }: { orderId: string }) => {
      state.orders.cancel(orderId);
      const order = state.orders.get(orderId);
      if (order !== null) return camel(order);
      throw new GraphQLError(`no order ${orderId}`, { extensions: { code: 'not_found' } });
    },
  };
  return graphql({ schema, source: request.query, rootValue, variableValues: request.variables });
}

/** `status`: `open`, a status, or undefined for all. */
export function select(
  state: VenueState,
  status: string | undefined,
  clientOrderId: string | undefined,
): readonly Order[] {
  const one = clientOrderId === undefined ? null : state.orders.byClientId(clientOrderId);
  const found = clientOrderId === undefined ? state.orders.list() : one === null ? [] : [one];
  return found.filter((o) => status === undefined || (status === 'open' ? OPEN.has(o.status) : o.status === status));
}

function camel(record: object): Record<string, unknown> {
  return rename(record, (key) => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function snake(record: object): Record<string, unknown> {
  return rename(record, (key) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function rename(record: object, name: (key: string) => string): Record<string, unknown> {
  // GraphQL's null for "not given" is REST's absent key.
  const given = Object.entries(record).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([key, value]) => [name(key), value]));
}
