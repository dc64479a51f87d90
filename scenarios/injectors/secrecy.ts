/**
 * What an injector writes down, or says, holds references in the place of secrets (`${TOKEN}`): a journal is read by many
 * people. Whoever undoes fills them in again from its own environment.
 */
import type { Answer, Effect, Injector, Undo } from '../injector.ts';

type Secrets = ReadonlyMap<string, string>;

export function discreet(injector: Injector, secrets: Secrets): Injector {
  if (secrets.size === 0) return injector;
  const openly = async <T>(asked: Promise<Answer<T>>): Promise<Answer<T>> => {
    const said = await asked;
    return said.ok ? said : { ok: false, problem: { ...said.problem, message: masked(said.problem.message, secrets) } };
  };
  const { kind, isExclusive = false } = injector;
  return {
    kind,
    isExclusive,
    patienceMs: (target) => injector.patienceMs?.(target) ?? null,
    check: (target, fault, signal) => openly(injector.check(target, fault, signal)),
    async prepare(target, fault, signal) {
      const prepared = await openly(injector.prepare(target, fault, signal));
      return prepared.ok ? { ok: true, value: maskedUndo(prepared.value, secrets) } : prepared;
    },
    inject: (target, fault, undo, signal, mayInject) =>
      openly(injector.inject(target, fault, filledIn(undo, secrets), signal, mayInject)),
    undo: (undo, signal) => openly(injector.undo(filledIn(undo, secrets), signal)),
    stands: (undo, signal) => openly(injector.stands?.(filledIn(undo, secrets), signal) ?? UNTOLD),
    effect: (target, signal) => openly(injector.effect?.(target, signal) ?? UNCOUNTED),
    ...(injector.cuts === undefined ? {} : { cuts: injector.cuts }),
    ...(injector.proof === undefined
      ? {}
      : {
          async proof(target, fault, undo, signal) {
            const said = await openly(injector.proof?.(target, fault, filledIn(undo, secrets), signal) ?? UNPROVEN);
            return said.ok ? { ok: true, value: { ...said.value, says: masked(said.value.says, secrets) } } : said;
          },
        }),
  };
}

/** In a shell's single quotes a reference would stand for itself: it is let out of them. */
function maskedUndo({ injector, body, byHand }: Undo, secrets: Secrets): Undo {
  let shown = byHand;
  for (const [value, reference] of secrets) {
    const inJson = JSON.stringify(value).slice(1, -1);
    for (const form of new Set([value, inJson].flatMap((text) => [text, text.replaceAll("'", `'\\''`)]))) {
      shown = shown.replaceAll(form, `'"${reference}"'`);
    }
  }
  return { injector, body: walk(body, (text) => masked(text, secrets)), byHand: shown };
}

function filledIn(undo: Undo, secrets: Secrets): Undo {
  const fill = (text: string): string => {
    let filled = text;
    for (const [value, reference] of secrets) filled = filled.replaceAll(reference, () => value);
    return filled;
  };
  return { ...undo, body: walk(undo.body, fill) };
}

function masked(text: string, secrets: Secrets): string {
  let shown = text;
  for (const [value, reference] of secrets) shown = shown.replaceAll(value, () => reference);
  return shown;
}

function walk(body: Undo['body'], change: (text: string) => string): Undo['body'] {
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, changed(value, change)]));
}

function changed(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => changed(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(item, change)]));
}

const UNTOLD: Promise<Answer<boolean>> = Promise.resolve({ ok: true, value: true });
const UNPROVEN: Promise<Answer<Effect>> = Promise.resolve({ ok: true, value: { bit: null, says: 'no proof' } });
const UNCOUNTED: Promise<Answer<null>> = Promise.resolve({ ok: true, value: null });
