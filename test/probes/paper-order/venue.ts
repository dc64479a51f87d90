/** A small venue over real HTTP whose every answer a test may replace. Not the sandbox: it does what it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listening } from '../context.ts';

export interface FakeOrder {
  order_id: string;
  client_order_id: string;
  side: string;
  quantity: number;
  status: string;
  filled_quantity: number;
  ack_timestamp: number | null;
  reject_reason: string | null;
}

export interface Script {
  account?: (response: ServerResponse) => void;
  /** After the order was taken: what becomes of it. */
  place?: (order: FakeOrder) => void;
  /** Instead of taking it. */
  submit?: (request: IncomingMessage, response: ServerResponse, body: { client_order_id: string }) => boolean;
  cancel?: (order: FakeOrder) => void;
  find?: (response: ServerResponse) => boolean;
  positions?: (response: ServerResponse) => void;
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export async function fakeVenue(script: Script = {}) {
  const orders = new Map<string, FakeOrder>();
  const log: string[] = [];
  const server = await listening(
    createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://venue');
      log.push(`${request.method} ${url.pathname}`);
      if (url.pathname === '/account') {
        if (script.account === undefined) answerJson(response, 200, { mode: 'paper' });
        else script.account(response);
        return;
      }
      if (url.pathname === '/positions') {
        if (script.positions === undefined) answerJson(response, 200, { positions: [] });
        else script.positions(response);
        return;
      }
      if (request.method === 'POST') {
        void take(request, response);
        return;
      }
      if (request.method === 'DELETE') {
        const order = orders.get(url.pathname.split('/').at(-1) ?? '');
        if (order === undefined) return answerJson(response, 404, {});
        (script.cancel ?? ((open) => (open.status = 'cancelled')))(order);
        return answerJson(response, 200, order);
      }
      if (script.find?.(response) === true) return;
      const id = url.searchParams.get('client_order_id');
      answerJson(response, 200, { orders: [...orders.values()].filter((order) => order.client_order_id === id) });
    }),
  );
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text);
    if (script.submit?.(request, response, body) === true) return;
    const order: FakeOrder = {
      order_id: `o${orders.size + 1}`,
      client_order_id: body.client_order_id,
      side: body.side,
      quantity: body.quantity,
      status: 'pending',
      filled_quantity: 0,
      ack_timestamp: null,
      reject_reason: null,
    };
    orders.set(order.order_id, order);
    answerJson(response, 201, order);
    (script.place ?? fill)(order);
  }
  return {
    url: `http://127.0.0.1:${server.port}`,
    orders,
    log,
    sent: () => log.filter((line) => line.startsWith('POST')).length,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

export function acknowledge(order: FakeOrder): void {
  order.status = 'acknowledged';
  order.ack_timestamp = 1;
}

export function fill(order: FakeOrder): void {
  acknowledge(order);
  order.status = 'filled';
  order.filled_quantity = order.quantity;
}
