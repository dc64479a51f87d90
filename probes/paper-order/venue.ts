import type { JSONValue } from 'json-p3';
import { exchange } from '../http/exchange.ts';
import { Line } from '../http/line.ts';
import { secureContextFor } from '../http/secure-context.ts';
import type { Clock } from '../probe.ts';
import type { Asked, Questions } from './asked.ts';
import type { Permit } from './guard.ts';
import type { PaperOrderSpec } from './spec.ts';
import { findOrder, orderState, type OrderState } from './state.ts';

/** An order's answer may be long, a page of error text longer; more than this is neither. */
const MOST_BYTES = 1_048_576;

export type Found =
  /** `state: null`: the venue answers, and knows of no such order. */
  { readonly ok: true; readonly state: OrderState | null } | { readonly ok: false; readonly why: string };

/** The venue's REST interface, for one run: connections are made by the first question and closed at the end. */
export class Venue implements Questions, AsyncDisposable {
  private readonly spec: PaperOrderSpec;
  private readonly clock: Clock;
  private readonly lines = new Map<string, Line>();
  private readonly transcript: string[] | null;
  /** Lines that failed and were given up. */
  private lost = 0;

  constructor(spec: PaperOrderSpec, clock: Clock, transcript: string[] | null) {
    this.spec = spec;
    this.clock = clock;
    this.transcript = transcript;
  }

  /** Connections that were made after an earlier one to the same origin was lost. */
  get reconnects(): number {
    return [...this.lines.values()].reduce((sum, line) => sum + Math.max(0, line.opened - 1), this.lost);
  }

  /** The next question there would have to be asked over another connection than the last. */
  wouldReconnect(address: string): boolean {
    const line = this.lines.get(new URL(address).origin);
    return line !== undefined && line.opened > 0 && !line.isStanding();
  }

  read(address: string, signal: AbortSignal, ms: number | null): Promise<Asked> {
    return this.ask('GET', address, null, signal, ms);
  }

  /** The only way in which an order leaves. */
  submit(permit: Permit, signal: AbortSignal, ms: number): Promise<Asked> {
    const order = permit.use();
    const body = {
      symbol: order.symbol,
      side: order.side,
      order_type: order.order_type,
      quantity: Number(order.quantity),
      ...(order.price === undefined ? {} : { price: Number(order.price) }),
      ...(order.reference_price === undefined ? {} : { reference_price: Number(order.reference_price) }),
      venue: this.spec.venue,
      client_order_id: order.clientOrderId,
    };
    return this.ask('POST', this.spec.submit.url, body, signal, ms);
  }

  private async ask(
    method: string,
    address: string,
    body: object | null,
    signal: AbortSignal,
    ms: number | null,
  ): Promise<Asked> {
    const url = new URL(address);
    const path = url.pathname + url.search;
    const text = body === null ? null : JSON.stringify(body);
    const request = {
      options: {
        path,
        method,
        headers: {
          'user-agent': 'pulsedrill',
          ...(text === null ? {} : { 'content-type': 'application/json' }),
          ...this.spec.headers,
        },
        body: text,
      },
      keepBody: true,
      maxBodyBytes: MOST_BYTES,
    };
    const answer = await exchange(this.line(url), request, { clock: this.clock, signal, timeoutMs: ms });
    if (answer.failure !== null && this.lines.delete(url.origin)) this.lost += 1;
    this.transcript?.push(`> ${method} ${path}${text === null ? '' : ` ${text}`}`);
    this.transcript?.push(`< ${answer.failure?.detail ?? `${answer.status} ${answer.body?.toString() ?? ''}`}`);
    return { answer, json: parsed(answer.body) };
  }

  async find(clientOrderId: string, signal: AbortSignal): Promise<Found> {
    const asked = await this.read(this.fill(this.queryTemplate, { clientOrderId }), signal, null);
    const { failure, status } = asked.answer;
    if (failure !== null) return { ok: false, why: failure.detail ?? 'no answer' };
    if (status === 404) return { ok: true, state: null };
    if (status === null || status >= 300 || asked.json === undefined) {
      return { ok: false, why: `the question after the order was answered with status ${status}` };
    }
    return { ok: true, state: findOrder(asked.json, clientOrderId) };
  }

  /** Asks to cancel. What came of it is learned by asking after the order: an answer here is a promise at best. */
  async cancel(clientOrderId: string, orderId: string, signal: AbortSignal): Promise<OrderState | null> {
    const { cancel, submit } = this.spec;
    const template = cancel?.url ?? `${submit.url.replace(/\/$/, '')}/{order_id}`;
    const address = this.fill(template, { clientOrderId, orderId });
    const asked = await this.ask(cancel?.method ?? 'DELETE', address, null, signal, null);
    return orderState(asked.json);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.destroy()));
    this.lines.clear();
  }

  private get queryTemplate(): string {
    const { query, submit } = this.spec;
    return query?.url ?? `${submit.url}${submit.url.includes('?') ? '&' : '?'}client_order_id={client_order_id}`;
  }

  /** A template with what is known filled in. */
  fill(template: string, ids: { readonly clientOrderId?: string; readonly orderId?: string }): string {
    const values: Readonly<Record<string, string>> = {
      client_order_id: ids.clientOrderId ?? '',
      order_id: ids.orderId ?? '',
      symbol: this.spec.order.symbol,
    };
    return template.replaceAll(/\{(client_order_id|order_id|symbol)\}/g, (_all, name: string) =>
      encodeURIComponent(values[name] ?? ''),
    );
  }

  private line(url: URL): Line {
    const known = this.lines.get(url.origin);
    if (known !== undefined) return known;
    const options = { origin: url.origin, keepAlive: true, secureContext: secureContextFor(url, this.spec.ca) };
    const line = new Line(options, this.clock);
    this.lines.set(url.origin, line);
    return line;
  }
}

function parsed(body: Buffer | null): JSONValue | undefined {
  if (body === null) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
