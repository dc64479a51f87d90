/** What a game-day writes down and says holds no secret: not of the configuration, and not what a scenario was given. */
import type { JournalBody } from '../../scenarios/journal.ts';
import type { Values } from '../../scenarios/parameters.ts';
import type { Scenario } from '../../scenarios/scenario.ts';
import type { Journal } from './journal.ts';
import type { GamedayOutcome } from './outcome.ts';

export type Mask = (text: string) => string;

/** Shorter ones would be found in the middle of words. */
const LEAST = 6;
const SECRET_NAME = /TOKEN|SECRET|PASS|KEY|AUTH|CREDENTIAL/i;

/**
 * @param values what `${NAME}`s were filled in from: one whose name says so is secret
 * @param redact masks the configuration's own secrets
 */
export function maskOf(scenario: Pick<Scenario, 'watch' | 'sources'>, values: Values, redact: Mask): Mask {
  const named = Object.entries(values).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) ? [[value, `\${${name}}`] as const] : [],
  );
  const asked = [...scenario.watch, ...scenario.sources];
  const sent = asked.flatMap(({ headers }) =>
    Object.values(headers ?? {}).flatMap((value) => [value, value.slice(value.indexOf(' ') + 1)]),
  );
  const secrets = [...named, ...sent.map((value) => [value, '***'] as const)]
    .filter(([value]) => value.length >= LEAST)
    .flatMap(([value, shown]) => [...new Set([value, encodeURIComponent(value)])].map((form) => [form, shown] as const))
    // One that holds another is masked as a whole.
    .toSorted(([a], [b]) => b.length - a.length);
  return (text) => secrets.reduce((masked, [value, shown]) => masked.replaceAll(value, shown), redact(text));
}

/** The way back must stay as it can be carried out: its injector has masked what it holds already. */
const EXACT: ReadonlySet<JournalBody['type']> = new Set(['undo-prepared']);

export function maskedJournal(journal: Journal, mask: Mask): Journal {
  return {
    append: (body) => journal.append(EXACT.has(body.type) ? body : maskedIn(body, mask)),
    [Symbol.asyncDispose]: () => journal[Symbol.asyncDispose](),
  };
}

export function maskedOutcome(outcome: GamedayOutcome, mask: Mask): GamedayOutcome {
  const { detail, checks, ...rest } = outcome;
  return { ...rest, detail: mask(detail), checks: checks.map((check) => ({ ...check, detail: mask(check.detail) })) };
}

/** Words of the journal's own, by which it is read again. */
const WORDS: ReadonlySet<string> = new Set([
  'type',
  'phase',
  'fault',
  'verdict',
  'change',
  'state',
  'step',
  'scenario',
]);

/** The same data with its texts masked. */
function maskedIn<Body extends JournalBody>(body: Body, mask: Mask): Body {
  const masked: Body = JSON.parse(JSON.stringify(body), (key, value: unknown) =>
    typeof value === 'string' && !WORDS.has(key) ? mask(value) : value,
  );
  return masked;
}
