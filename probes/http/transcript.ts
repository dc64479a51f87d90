import type { Draft } from './draft.ts';
import type { Answer } from './exchange.ts';

export function requestLines({ method, url, headers, body }: Draft): readonly string[] {
  const lines = [`> ${method} ${url.pathname}${url.search}`, `> host: ${url.host}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`> ${name}: ${value}`);
  if (body !== null) lines.push('>', `> ${body}`);
  return lines;
}

export function answerLines(answer: Answer, body: Buffer | null): readonly string[] {
  if (answer.status === null) return [];
  const lines = [`< ${answer.status}`];
  for (const [name, value] of Object.entries(answer.headers)) lines.push(`< ${name}: ${String(value)}`);
  if (body !== null) lines.push('<', `< ${body.toString()}`);
  return lines;
}
