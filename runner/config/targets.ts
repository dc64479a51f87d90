/** Targets have versions: how a configuration writes them, and what they lack. */
import { z } from 'zod';
import { duration, httpUrl } from '../../probes/spec.ts';
import { parseDecimal } from '../../slo/decimal.ts';
import { SIGN_OFF_ROLES, type Limit, type TargetVersion } from '../../slo/objective.ts';

export function target() {
  return z.custom<string>(
    (value) => {
      const parsed = typeof value === 'string' ? parseDecimal(value) : null;
      return parsed !== null && parsed.num > 0n && parsed.num < parsed.den;
    },
    { error: 'a target between 0 and 1 as a quoted decimal such as "0.999"' },
  );
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MINUTE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::00)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Null: no such day. "2026-02-30" would be taken for a day of March. */
function dayMs(text: string): number | null {
  const ms = DAY.test(text) ? Date.parse(`${text}T00:00Z`) : Number.NaN;
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text) ? ms : null;
}

/** Whole minutes, in which events are counted; a day begins at midnight UTC. */
function momentMs(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  if (!MINUTE.test(value) || dayMs(value.slice(0, 10)) === null) return dayMs(value);
  const ms = Date.parse(value);
  return Number.isFinite(ms) ? ms : null;
}

function moment() {
  return z
    .custom<string>((value) => momentMs(value) !== null, {
      error: 'a day such as 2026-12-01 (from midnight UTC), or a minute such as 2026-12-01T09:30Z',
    })
    .transform((text) => momentMs(text) ?? 0);
}

const signOff = z.strictObject({
  role: z.enum(SIGN_OFF_ROLES, { error: `one of ${SIGN_OFF_ROLES.join(', ')}` }),
  name: z.string().min(1, { error: 'a name' }),
  date: z.custom<string>((value) => typeof value === 'string' && dayMs(value) !== null, {
    error: 'a day such as 2026-11-20',
  }),
});

/** What a change of target says for itself. */
export const versionFields = {
  version: z.string().min(1, { error: 'a name such as "v2"' }).optional(),
  /** From when on it holds. */
  from: moment().optional(),
  rfc: httpUrl().optional(),
  signOffs: z.array(signOff).optional(),
};

/** A version that held before, or will hold before the newest. */
export const earlierSchema = z.strictObject({ ...versionFields, target: target(), limit: duration().optional() });

export const earlierField = { earlier: z.array(earlierSchema).optional() };

export type EarlierDocument = z.output<typeof earlierSchema>;
export type VersionDocument = Omit<EarlierDocument, 'target'>;

export interface Numbers {
  readonly target: string;
  readonly limit: Limit | null;
}

/** @param asked what it has to say for itself; what of it is missing keeps it from being signed off */
export function versionOf(
  { version, from, rfc, signOffs = [] }: VersionDocument,
  { target: share, limit }: Numbers,
  asked: readonly string[],
): TargetVersion {
  const has: readonly string[] = [
    ...(version === undefined ? [] : ['version']),
    ...(from === undefined ? [] : ['from']),
    ...(rfc === undefined ? [] : ['rfc']),
    ...signOffs.map(({ role }) => role),
  ];
  return {
    version: version ?? null,
    target: share,
    limit,
    fromMs: from ?? null,
    rfc: rfc ?? null,
    signOffs,
    lacks: asked.filter((each) => !has.includes(each)),
  };
}

/** A limit that is not given is the one before it. */
export function numbersOf(
  { target: share, limit }: { readonly target?: string | undefined; readonly limit?: number | undefined },
  before: Numbers,
): Numbers {
  const { limit: earlier } = before;
  return {
    target: share ?? before.target,
    limit: earlier === null || limit === undefined ? earlier : { ...earlier, ms: limit },
  };
}
