/**
 * The words that every kind's configuration shares. An issue's message is the *expected* text ("a duration such as
 * "15s""); whoever formats it adds the path in front and "got …" behind.
 */
import { z } from 'zod';
import { durationText, parseDuration } from './duration.ts';

const DECIMAL = /^\d+(?:\.\d+)?$/;

/** A duration above zero: a string with a unit in, milliseconds out. */
export function duration() {
  return z
    .custom<string>((value) => (parseDuration(value) ?? 0) > 0, { error: 'a duration such as "15s"' })
    .transform((text) => parseDuration(text) ?? 0);
}

/** A decimal above zero, kept as text so that no digit is lost. YAML's unquoted numbers are taken as they print. */
export function decimalText() {
  return z
    .custom<string | number>(
      (value) =>
        (typeof value === 'string' || typeof value === 'number') && DECIMAL.test(String(value)) && Number(value) > 0,
      { error: 'a decimal number above 0 such as "0.001"' },
    )
    .transform(String);
}

function isUrl(value: unknown, protocols: readonly string[]): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  // Credentials belong into headers, where they are known to be secret.
  return protocols.includes(protocol) && username === '' && password === '';
}

export function httpUrl() {
  return z.custom<string>((value) => isUrl(value, ['http:', 'https:']), {
    error: 'a URL such as "https://api.example/health"',
  });
}

export function wsUrl() {
  return z.custom<string>((value) => isUrl(value, ['ws:', 'wss:']), { error: 'a URL such as "wss://api.example/ws"' });
}

/** Request headers; their values may hold secrets, so nothing prints them. */
export function headers() {
  return z.record(
    z.string().regex(/^[!#$%&'*+.^_`|~\dA-Za-z-]+$/, { error: 'a header name such as "authorization"' }),
    z.custom<string>((value) => typeof value === 'string' && !/[\r\n\0]/.test(value), {
      error: 'a header value of one line',
    }),
  );
}

/** Certificates to trust instead of the system's. */
export function pemCertificate() {
  return z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'a certificate in PEM' });
}

/** Bytes of a cap. */
export function byteCount() {
  return z.int({ error: 'a whole number of bytes' }).positive({ error: 'a whole number of bytes' });
}

/** The interval of a probe that names neither `every` nor `cron`. */
export const DEFAULT_EVERY_MS = 60_000;

/** What every probe has, whatever its kind. Durations come out in milliseconds. */
export const baseFields = {
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'an id of a-z, 0-9 and hyphens such as "api-status"' }),
  service: z.string().min(1, { error: 'the name of a service' }),
  /** Green interval; `DEFAULT_EVERY_MS` when there is no `cron` either. */
  every: duration().optional(),
  cron: z.string().min(1, { error: 'a cron expression such as "*/10 9-16 * * 1-5"' }).optional(),
  timezone: z
    .custom<string>((value) => typeof value === 'string' && isTimezone(value), {
      error: 'a time zone such as "America/New_York"',
    })
    .optional(),
  /** Raised interval; `auto`: computed from the objectives it feeds, never shorter than `fastest`. */
  yellow: z
    .custom<string>((value) => value === 'auto' || (parseDuration(value) ?? 0) > 0, {
      error: 'a duration such as "15s", or "auto"',
    })
    .transform((text) => (text === 'auto' ? ('auto' as const) : (parseDuration(text) ?? 0)))
    .default('auto'),
  /** Default: as yellow. */
  red: duration().optional(),
  /** The shortest interval that `auto` may choose. */
  fastest: duration().default(1000),
  /** The run's whole allowance. */
  timeout: duration().default(10_000),
  /** Splits that objectives can name. */
  endpoint: z.string().min(1, { error: 'the name of an endpoint' }).optional(),
  venue: z.string().min(1, { error: 'the name of a venue' }).optional(),
} as const;

export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export interface Timetable {
  readonly every?: number | undefined;
  readonly cron?: string | undefined;
  readonly timezone?: string | undefined;
  readonly yellow?: number | 'auto' | undefined;
  readonly red?: number | undefined;
}

/** Milliseconds between runs while Green; null when a cron expression says when. */
export function everyMs(spec: Pick<Timetable, 'every' | 'cron'>): number | null {
  return spec.cron === undefined ? (spec.every ?? DEFAULT_EVERY_MS) : null;
}

/** The rules between the fields of a timetable. A raised interval is shorter than the base, or it is not raised. */
export function checkTimetable(spec: Timetable, report: (path: keyof Timetable, expected: string) => void): void {
  if (spec.cron !== undefined && spec.every !== undefined) report('cron', 'either every or cron, not both');
  if (spec.timezone !== undefined && spec.cron === undefined) report('timezone', 'a cron expression beside it');
  const base = everyMs(spec);
  if (base === null) return;
  const shorter = `an interval shorter than every (${durationText(base)})`;
  if (typeof spec.yellow === 'number' && spec.yellow >= base) report('yellow', shorter);
  if (spec.red !== undefined && spec.red >= base) report('red', shorter);
}

/** Every schema made below has the shared fields; TypeScript cannot see it through the spread of a generic. */
function hasTimetable(spec: object): spec is Timetable {
  return 'yellow' in spec;
}

/** The schema of one kind: the shared fields, its own, nothing else, and the rules between them. */
export function probeSchema<K extends string, F extends z.core.$ZodShape>(
  kind: K,
  fields: F,
): z.ZodObject<z.core.util.Extend<typeof baseFields & { kind: z.ZodLiteral<K> }, F>, z.core.$strict>;
export function probeSchema(kind: string, fields: z.core.$ZodShape): z.ZodObject {
  return z.strictObject({ ...baseFields, kind: z.literal(kind), ...fields }).superRefine((spec, ctx) => {
    if (!hasTimetable(spec)) return;
    checkTimetable(spec, (path, message) => {
      ctx.addIssue({ code: 'custom', path: [path], message, input: spec[path] });
    });
  });
}
