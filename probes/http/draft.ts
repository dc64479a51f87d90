import type { JSONValue } from 'json-p3';
import { ACCEPTED } from './encoding.ts';
import type { Auth, HttpSpec, Step } from './spec.ts';
import { partsOf } from './sign.ts';
import { filled, filledJson, placeholdersIn, type Captured } from './template.ts';

/** A step, or the one request of a probe without steps. */
export interface Question extends Omit<Step, 'name'> {
  readonly name: string | null;
}

/** A request before it is signed. */
export interface Draft {
  readonly method: string;
  readonly url: URL;
  /** Of the address; asking a URL for it each time costs more than the rest of the bookkeeping. */
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** It goes where the configuration says; a redirect to another origin does not, and carries no credentials. */
  readonly trusted: boolean;
}

export function questionsOf(spec: HttpSpec): readonly Question[] {
  if (spec.steps !== undefined) return spec.steps;
  return [{ ...spec, name: null, url: spec.url ?? '', capture: {} }];
}

/** It is the same in every run. */
export function isFixed(question: Question, spec: HttpSpec): boolean {
  return spec.sign === undefined && (question.name === null || missingOf(question, spec, new Map()).length === 0);
}

/** Names in its templates of which nothing was captured. Braces in a body may mean something else. */
export function missingOf(question: Question, spec: HttpSpec, values: Captured): readonly string[] {
  const { url, headers, auth, body, graphql } = question;
  const texts = [url, JSON.stringify([spec.headers, headers, auth, body, graphql?.variables])];
  return texts.flatMap(placeholdersIn).filter((name) => !values.has(name));
}

export function draftOf(question: Question, spec: HttpSpec, values: Captured): Draft {
  const fill = (text: string): string => filled(text, values);
  const { method, body, isJson } = contentOf(question, values);
  const url = new URL(filled(question.url, values, encodeURIComponent));
  const headers = merged([
    { 'user-agent': 'pulsedrill', 'accept-encoding': ACCEPTED },
    isJson ? { 'content-type': 'application/json' } : {},
    question.graphql === undefined ? {} : { accept: 'application/graphql-response+json, application/json' },
    spec.headers,
    question.headers,
    authorization(question.auth ?? spec.auth, fill),
  ]);
  return {
    method,
    url,
    origin: url.origin,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, fill(value)])),
    body,
    trusted: true,
  };
}

function contentOf({ method, body, graphql }: Question, values: Captured) {
  if (graphql !== undefined) {
    const { query, variables, operationName } = graphql;
    const document = {
      query,
      ...(variables === undefined ? {} : { variables: filledJson(variables, values) }),
      ...(operationName === undefined ? {} : { operationName }),
    };
    return { method: 'POST', body: JSON.stringify(document), isJson: true };
  }
  if (body === undefined) return { method, body: null, isJson: false };
  if (typeof body === 'string') return { method, body: filled(body, values), isJson: false };
  const json: JSONValue = body;
  return { method, body: JSON.stringify(filledJson(json, values)), isJson: true };
}

/** The later ones win, whatever the case of their names. */
function merged(groups: readonly Readonly<Record<string, string>>[]): Readonly<Record<string, string>> {
  const all = new Map(
    groups.flatMap((group) => Object.entries(group)).map((entry) => [entry[0].toLowerCase(), entry] as const),
  );
  return Object.fromEntries(all.values());
}

function authorization(auth: Auth | undefined, fill: (text: string) => string): Readonly<Record<string, string>> {
  if (auth?.bearer !== undefined) return { authorization: `Bearer ${auth.bearer}` };
  if (auth?.basic === undefined) return {};
  const { username, password } = auth.basic;
  return { authorization: `Basic ${Buffer.from(`${fill(username)}:${fill(password)}`).toString('base64')}` };
}

/** @throws whatever the user's function throws, and a TypeError when it gives back no texts */
export async function signed(draft: Draft, spec: HttpSpec, nowMs: number): Promise<Draft & { readonly added: object }> {
  if (spec.sign === undefined || !draft.trusted) return { ...draft, added: {} };
  const { method, url, headers, body } = draft;
  const unsigned = { method, url: url.href, path: url.pathname + url.search, headers, body, nowMs };
  const parts = partsOf(await spec.sign(unsigned, spec.secrets));
  const whole = new URL(url);
  const query = Object.entries(parts.query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  // Added as text: what is there already was signed as it stands.
  if (query.length > 0) whole.search = [whole.search.slice(1), ...query].filter((part) => part !== '').join('&');
  return {
    ...draft,
    url: whole,
    headers: merged([headers, parts.headers]),
    added: { ...parts.headers, ...parts.query },
  };
}
