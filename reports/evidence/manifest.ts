/** What a bundle says of itself: what was asked, by which definitions, what came out, and the hash of every file. */
import { z } from 'zod';
import { SIGN_OFF_ROLES, LOOKBACKS, type Objective } from '../../slo/objective.ts';
import { canonical, parseCanonical, type Json } from './canonical.ts';
import { sha256 } from './files.ts';

export const FORMAT = 'pulsedrill-evidence/1';
export const MANIFEST = 'manifest.json';
export const SIGNATURE = 'manifest.sig';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
/** Two hundred years, in ms: far beyond it lies no date. */
const ms = z.int().min(-8.64e15).max(8.64e15);
const text = z.string().max(4000);
const name = z.string().min(1).max(300);
const target = z
  .string()
  .regex(/^0\.\d{1,30}$/)
  .refine((value) => Number(value) > 0 && Number(value) < 1);
/** No window is longer than four years of hours: what is computed for each of them is bounded. */
const MOST_HOURS = 35_064;

const limit = { ms: z.number().min(0), strict: z.boolean() };

const version = z.strictObject({
  version: text.nullable(),
  target,
  limit: z.strictObject(limit).nullable(),
  fromMs: ms.nullable(),
  rfc: text.nullable(),
  signOffs: z.array(z.strictObject({ role: z.enum(SIGN_OFF_ROLES), name: text, date: text })).max(20),
  lacks: z.array(text).max(20),
  claimedFromMs: ms.exactOptional(),
});

const sli = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('availability') }),
  z.strictObject({
    type: z.literal('threshold'),
    indicator: name,
    ...limit,
    earlier: z
      .array(z.strictObject({ ...limit, untilMs: ms }))
      .max(1000)
      .exactOptional(),
  }),
  z.strictObject({ type: z.literal('quantity') }),
  z.strictObject({ type: z.literal('telemetry'), what: text, medianMs: z.number().exactOptional() }),
]);

const objective = z.strictObject({
  id: name,
  title: text,
  commitment: z.enum(['sla', 'slo', 'kpi']),
  service: name,
  owners: z.array(text).max(100),
  supporting: z.array(text).max(100),
  target,
  versions: z.array(version).max(1000).exactOptional(),
  windowMs: z.int().min(1),
  slidingMs: z.int().min(1).nullable(),
  sli,
  weighing: z.enum(['time', 'count', 'quantity', 'notional', 'fraction']),
  split: z.enum(['endpoint', 'venue', 'location']).nullable(),
  minEvents: z.number().min(0),
  probes: z.array(name).max(10_000),
  unknownBecause: text.nullable(),
  burn: z
    .array(
      z.strictObject({
        factor: z.number().positive(),
        long: z.enum(LOOKBACKS),
        short: z.enum(LOOKBACKS),
        severity: z.enum(['SEV-1', 'SEV-2', 'SEV-3']),
      }),
    )
    .max(20)
    .exactOptional(),
  assumptions: z.array(text).max(100),
  telemetry: z.strictObject({ source: name, stepMs: z.int().min(1), staleMs: z.number().min(0) }).exactOptional(),
  beside: z.strictObject({ id: name, label: text }).exactOptional(),
});

const figures = z.looseObject({ objective: name });

const segment = z.strictObject({
  number: z.int().min(1),
  firstSeq: z.int().min(1),
  lastSeq: z.int().min(1),
  results: z.int().min(0),
  firstScheduledMs: z.number(),
  lastScheduledMs: z.number(),
  closedMs: z.number().nullable(),
  previous: hash,
  head: hash,
});

const schema = z.strictObject({
  format: z.literal(FORMAT),
  /** With the edition of its pages: what draws may change within a version, and stay the same over several. */
  tool: z.strictObject({ name: z.literal('pulsedrill'), version: name, edition: z.int().min(1) }),
  document: z.strictObject({
    number: z.int().min(1),
    restates: z.strictObject({ number: z.int().min(1), manifest: hash }).nullable(),
  }),
  query: z.strictObject({
    environment: name,
    location: name,
    ledger: z.string().max(100),
    fromMs: ms,
    toMs: ms,
    asOfMs: ms,
    audience: z.enum(['sre', 'customer', 'customer-all']),
  }),
  base: z.strictObject({ scale: z.int().min(1).max(60_000), minuteMs: z.int().min(1).max(60_000) }),
  /** Of the definitions and the base: what was judged by, in one word. */
  configuration: hash,
  key: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  definitions: z.array(objective).max(1000),
  figures: z.array(figures).max(1000),
  /** Of the objectives that an exclusion touches. */
  withoutExclusions: z.array(figures).max(1000),
  incidents: z
    .array(z.strictObject({ id: name, openedMs: z.number(), resolvedMs: z.number().nullable(), withinMs: z.number() }))
    .max(100_000),
  clock: z.strictObject({
    readings: z.int().min(0),
    states: z.array(name).max(20),
    worstOffsetMs: z.number().nullable(),
    worstBoundMs: z.number().nullable(),
  }),
  segments: z.strictObject({
    count: z.int().min(0),
    results: z.int().min(0),
    first: z.int().nullable(),
    last: z.int().nullable(),
    head: hash.nullable(),
  }),
  /** The page and its charts, first; then what they were made of. */
  files: z.array(z.strictObject({ name: z.string().max(200), sha256: hash, bytes: z.int().min(0) })).max(4000),
});

export type Manifest = z.output<typeof schema>;
export type SegmentLine = z.output<typeof segment>;

export function manifestText(manifest: Manifest): string {
  return canonical(manifest);
}

/** In one word what a document was judged by. */
export function configurationHash(definitions: readonly Objective[], base: Manifest['base']): string {
  return sha256(canonical({ definitions, base }));
}

export type ReadManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problem: string };

export function readManifest(content: string): ReadManifest {
  const parsed = parseCanonical(content);
  if (!parsed.ok) return parsed;
  const read = schema.safeParse(parsed.value);
  if (!read.success) return { ok: false, problem: firstIssue(read.error) };
  const { base, definitions } = read.data;
  if (60_000 / base.scale !== base.minuteMs) return { ok: false, problem: 'base: not a time scale' };
  const { fromMs, toMs } = read.data.query;
  if (fromMs % base.minuteMs !== 0 || toMs % base.minuteMs !== 0) {
    return { ok: false, problem: 'query: expected a range of whole minutes, got another' };
  }
  if (fromMs >= toMs) return { ok: false, problem: 'query: expected fromMs before toMs, got the reverse' };
  const long = definitions.find(
    ({ windowMs, slidingMs }) => windowMs + (slidingMs ?? 0) > MOST_HOURS * 60 * base.minuteMs,
  );
  if (long !== undefined)
    return { ok: false, problem: `definitions: the window of ${long.id} is longer than four years` };
  return { ok: true, manifest: read.data };
}

/** Lines of JSON, as {@link segmentsText} writes them. */
export function readSegments(content: string): readonly SegmentLine[] | null {
  const lines = content.split('\n');
  if (lines.pop() !== '') return null;
  const found: SegmentLine[] = [];
  for (const line of lines) {
    const parsed = parseCanonical(line);
    const read = parsed.ok ? segment.safeParse(parsed.value) : null;
    if (read?.success !== true) return null;
    found.push(read.data);
  }
  return found;
}

export function segmentsText(segments: readonly SegmentLine[]): string {
  return segments.map((each) => `${canonical(each)}\n`).join('');
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'of another form' : `${issue.path.map(String).join('.')}: ${issue.message}`;
}

/** A value that is JSON already, by its type. */
export function asJson(value: object): Json {
  const parsed: Json = JSON.parse(canonical(value));
  return parsed;
}
