/** The configuration document. Probes are validated by their kinds (`probes/kinds.ts`), everything else here. */
import { z } from 'zod';
import { clockFields } from '../../probes/clock/spec.ts';
import { duration, httpUrl } from '../../probes/spec.ts';
import { LOOKBACKS } from '../../slo/objective.ts';
import { evidenceSchema } from './evidence.ts';
import { gamedaysSchema } from './gamedays.ts';
import { gateSchema } from './gate.ts';
import { incidentsSchema } from './incidents.ts';
import { notifySchema, silencesSchema } from './notify.ts';
import { reportsSchema } from './reports.ts';
import { retentionSchema } from './retention.ts';
import { rulesSchema } from './rules.ts';
import { earlierField, target, versionFields } from './targets.ts';
import { bindSchema, sourcesSchema } from './sources.ts';

const id = () => z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'an id of a-z, 0-9 and hyphens' });
const names = () => z.array(z.string().min(1)).default([]);

/** Windows are made of the minutes that the ledger counts in. */
const STEP_MS = 60_000;

/** Policy time. */
function policyWindow() {
  return duration()
    .refine((ms) => ms >= STEP_MS, { error: 'at least 1m, the step in which events are counted', abort: true })
    .refine((ms) => ms % STEP_MS === 0, { error: 'whole minutes, the step in which events are counted' });
}

const within = { within: duration().optional(), below: duration().optional() };

export const SLI_EXPECTED =
  '"availability", "quantity" or an indicator with a limit such as { indicator: latency, within: 250ms }';

/** `availability`, or an indicator with a limit: `{ indicator: latency, within: 250ms }` (≤) or `below: 1500ms` (<). */
const sli = z.union(
  [
    z.enum(['availability', 'quantity']),
    z
      .strictObject({
        indicator: z.enum([
          'latency',
          'tick-age',
          'newest-age',
          'signal-age',
          'ack',
          'order-fill',
          'order-cancel',
          'signal-ack',
          'signal-fill',
        ]),
        ...within,
      })
      .refine((value) => (value.within === undefined) !== (value.below === undefined), {
        error: 'one of within (at or below the limit) and below',
      }),
  ],
  { error: SLI_EXPECTED },
);

/** A multi-window rule: burning at `factor` or more over both lookbacks. */
const burnRule = z.strictObject({
  factor: z.number({ error: 'a number such as 14.4' }).positive({ error: 'a number above 0 such as 14.4' }),
  long: z.enum(LOOKBACKS),
  short: z.enum(LOOKBACKS),
  /** SEV-2 pages, SEV-3 opens a ticket. */
  severity: z.enum(['SEV-2', 'SEV-3']).default('SEV-2'),
});

export const objectiveSchema = z.strictObject({
  id: id(),
  title: z.string().min(1).optional(),
  commitment: z.enum(['sla', 'slo', 'kpi']).default('slo'),
  service: z.string().min(1, { error: 'the name of a service' }),
  target: target(),
  /** Policy time: divided by `timeScale`. */
  window: policyWindow(),
  /** For percentile rows: the live verdict's window. */
  sliding: policyWindow().optional(),
  /** Not with a source. */
  sli: sli.optional(),
  split: z.enum(['endpoint', 'venue', 'location']).optional(),
  minEvents: z.int({ error: 'a whole number of events' }).min(1).optional(),
  probes: z.array(z.string()).optional(),
  /** Instead of probes and an sli: a source of telemetry, and what it is asked. */
  source: z.string().optional(),
  good: z.string().min(1).optional(),
  valid: z.string().min(1).optional(),
  burn: z.array(burnRule).optional(),
  /** Of the target above, and those before it. */
  ...versionFields,
  ...earlierField,
});

export const overrideSchema = z.strictObject({
  id: id(),
  target: target().optional(),
  /** Of a row that has one. */
  limit: duration().optional(),
  ...versionFields,
  ...earlierField,
  window: policyWindow().optional(),
  minEvents: z.int({ error: 'a whole number of events' }).min(1).optional(),
  burn: z.array(burnRule).optional(),
});

/** The playbook's event minimum. */
const DEFAULT_SETTINGS: { brokerSlaMs?: number | undefined; minEvents: number } = { minEvents: 1000 };

export const settingsSchema = z
  .strictObject({
    brokerSlaMs: z.number({ error: 'milliseconds' }).positive({ error: 'milliseconds above 0' }).optional(),
    minEvents: z.int({ error: 'a whole number of events' }).min(1).default(1000),
  })
  .default(DEFAULT_SETTINGS);

const objectives = z.union(
  [
    z.literal('tradepulse').transform(() => ({
      extends: 'tradepulse' as const,
      settings: DEFAULT_SETTINGS,
      bind: {},
      override: [],
      add: [],
    })),
    z
      .array(objectiveSchema)
      .transform((add) => ({ extends: 'none' as const, settings: DEFAULT_SETTINGS, bind: {}, override: [], add })),
    z.strictObject({
      extends: z.enum(['tradepulse', 'none']).default('tradepulse'),
      settings: settingsSchema,
      bind: bindSchema,
      override: z.array(overrideSchema).default([]),
      add: z.array(objectiveSchema).default([]),
    }),
  ],
  { error: '"tradepulse", a list of objectives, or a group with extends, settings, override and add' },
);

/** How old what InfluxDB does not have may become before somebody is told. */
const lagAlert = () => duration().default(900_000);

const influx = z.union(
  [
    z.strictObject({
      url: httpUrl(),
      org: z.string().min(1),
      bucket: z.string().min(1),
      token: z.string().min(1),
      lagAlert: lagAlert(),
    }),
    z.strictObject({
      url: httpUrl(),
      lagAlert: lagAlert(),
      database: z.string().min(1),
      username: z.string().optional(),
      password: z.string().optional(),
    }),
  ],
  { error: '{ url, org, bucket, token } for InfluxDB 2.x and 3.x, or { url, database } for 1.x' },
);

/** What evaluations and reports are made from. */
const readFrom = z.union(
  [
    z.enum(['ledger', 'influx']),
    z.strictObject({ from: z.literal('influx'), locations: z.array(z.string().min(1)).min(1) }),
  ],
  { error: '"ledger", "influx", or { from: influx, locations: [...] }' },
);

const listen = z.union(
  [
    z.literal(false),
    z
      .custom<string>(
        (value) => typeof value === 'string' && /^[^\s:]+:\d{1,5}$/.test(value) && Number(value.split(':')[1]) < 65_536,
        {
          error: 'an address such as "127.0.0.1:9464", or false',
        },
      )
      .transform((text) => {
        const [host = '', port = ''] = text.split(':');
        return { host, port: Number(port) };
      }),
  ],
  { error: 'an address such as "127.0.0.1:9464", or false' },
);

export const clockSchema = z
  .strictObject({
    ...clockFields,
    every: duration().default(30_000),
    /** The wall clock may move this far against the monotonic one before it is taken for a jump. */
    jump: duration().default(20),
  })
  .refine(({ warning, severe, quarantine }) => warning <= severe && severe <= quarantine, {
    error: 'warning, severe and quarantine to rise in this order',
  });

export const documentSchema = z.strictObject({
  environment: z.string().min(1).default('production'),
  location: id().default('local'),
  /** Seeds phase spread and everything else that is drawn; the same seed gives the same schedule. */
  seed: z.int({ error: 'a whole number' }).min(0).default(1),
  /** For practice only: every policy duration (windows, lookbacks, holds) is divided by it, and every output says so. */
  timeScale: z
    .custom<number>(
      (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1 && 60_000 % value === 0,
      {
        error: 'a whole number that divides 60000, such as 600',
      },
    )
    .default(1),
  services: z.record(z.string(), z.strictObject({ owners: names(), supporting: names() })).default({}),
  probes: z
    .array(z.looseObject({ kind: z.string({ error: 'a kind of probe such as "http"' }) }), {
      error: 'a list of probes',
    })
    .min(1, { error: 'a list of at least one probe' }),
  sources: sourcesSchema,
  objectives: objectives.default({
    extends: 'tradepulse',
    settings: DEFAULT_SETTINGS,
    bind: {},
    override: [],
    add: [],
  }),
  cadence: z.strictObject({ hold: duration().default(1_800_000) }).default({ hold: 1_800_000 }),
  /** Deploys into this environment. */
  gate: gateSchema.prefault({}),
  rules: rulesSchema.default({}),
  notify: notifySchema,
  silences: silencesSchema,
  incidents: incidentsSchema.prefault({}),
  /** This machine's clock: who is asked about it, how often, and how far off it may be. */
  clock: clockSchema.prefault({}),
  /** Largest event-loop delay that a run may have seen; default: 5 % of the strictest threshold or of the timeout, at least 2 ms. */
  loopTolerance: duration().optional(),
  listen: listen.default({ host: '127.0.0.1', port: 9464 }),
  store: z
    .strictObject({
      ledger: z.string().min(1).default('./pulsedrill.db'),
      spill: z.string().min(1).optional(),
      influx: influx.optional(),
      retention: retentionSchema.default({}),
      read: readFrom.default('ledger'),
    })
    .refine((store) => store.read === 'ledger' || store.influx !== undefined, {
      path: ['read'],
      error: 'ledger, while there is no store.influx to read from',
    })
    .prefault({}),
  gamedays: gamedaysSchema.prefault({}),
  /** Pictures and traces of failed browser runs; default: a folder below the reports. */
  artefacts: z.strictObject({ folder: z.string().min(1).optional() }).default({}),
  evidence: evidenceSchema.default({}),
  reports: reportsSchema.prefault({}),
});

export type Document = z.output<typeof documentSchema>;
/** The configuration as its user writes it. */
export type DocumentInput = Omit<z.input<typeof documentSchema>, 'probes'>;
export type OverrideDocument = z.output<typeof overrideSchema>;
export type SettingsDocument = z.output<typeof settingsSchema>;
export type ObjectiveDocument = z.output<typeof objectiveSchema>;
export type InfluxDocument = z.output<typeof influx>;
