/** The `notify` and `silences` sections: who is told of what, and when nobody is. */
import { z } from 'zod';
import { duration, headers, httpUrl } from '../../probes/spec.ts';
import { PLACEHOLDERS, type Template } from '../alerts/notifiers/template.ts';

const HOUR_MS = 3_600_000;
const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';

const SEVERITIES = ['SEV-1', 'SEV-2', 'SEV-3'] as const;
const list = <T extends z.ZodType>(item: T) => z.array(item).default([]);
const name = () => z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'a name of a-z, 0-9 and hyphens' });

type As = 'page' | 'ticket' | 'review' | 'announcement';

/** Of notices that go out one by one: the key that holds a conversation together would be lost. */
const ungrouped = () => z.undefined({ error: 'nothing, as it is told of each alert by its own key' }).optional();

/** What all kinds have; `kind` is the name of one that has none. */
function common(
  kind: string,
  as: readonly As[],
  repeat: number | 'never' = 4 * HOUR_MS,
  severities: readonly (typeof SEVERITIES)[number][] = [],
) {
  return {
    name: name().default(kind),
    severities: z.array(z.enum(SEVERITIES)).default([...severities]),
    services: list(z.string().min(1)),
    as: z.array(z.enum(['page', 'ticket', 'review', 'announcement'])).default([...as]),
    to: list(z.string().min(1)),
    repeat: z.union([z.literal('never'), duration()], { error: 'a duration, or never' }).default(repeat),
  };
}

/** How long notices of one service wait for each other. Only where people read on: machines need each by its key. */
const group = () =>
  z.union([z.literal('never').transform(() => 0), duration()], { error: 'a duration, or never' }).default(30_000);

const template: z.ZodType<Template> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(template), z.record(z.string(), template)]),
);

const secret = () => z.string().min(16, { error: 'a secret of at least 16 characters' });

const pagerduty = z.strictObject({
  kind: z.literal('pagerduty'),
  ...common('pagerduty', ['page']),
  group: ungrouped(),
  url: httpUrl().default(PAGERDUTY_URL),
  routingKey: z.string().min(1, { error: "the integration's routing key" }),
});

const alertmanager = z.strictObject({
  kind: z.literal('alertmanager'),
  ...common('alertmanager', ['page', 'ticket'], 60_000),
  group: ungrouped(),
  url: httpUrl(),
  headers: headers().default({}),
});

const slack = z.strictObject({
  kind: z.literal('slack'),
  ...common('slack', []),
  group: group(),
  url: httpUrl(),
});

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  ...common('webhook', ['page', 'ticket', 'announcement']),
  group: ungrouped(),
  url: httpUrl(),
  secret: secret(),
  /** The one before, until every receiver has the new one. */
  previousSecret: secret().optional(),
  headers: headers().default({}),
});

const ticket = z
  .strictObject({
    kind: z.literal('ticket'),
    ...common('ticket', ['page', 'ticket'], 'never', ['SEV-3']),
    group: ungrouped(),
    url: httpUrl(),
    headers: headers().default({}),
    /** Jira's project, for the template that is there. */
    project: z.string().min(1).optional(),
    issueType: z.string().min(1).default('Task'),
    /** Instead: the whole body. */
    template: template.optional(),
  })
  .refine(({ project, template: own }) => (project === undefined) !== (own === undefined), {
    error: `one of project (Jira) and template (with ${PLACEHOLDERS.map((each) => `{${each}}`).join(', ')})`,
  });

const log = z.strictObject({ kind: z.literal('log'), ...common('log', []), group: group() });

export const notifySchema = z
  .array(
    z.discriminatedUnion('kind', [pagerduty, alertmanager, slack, webhook, ticket, log], {
      error: 'a notifier of kind pagerduty, alertmanager, slack, webhook, ticket or log',
    }),
  )
  .superRefine((posts, context) => {
    posts.forEach((each, index) => {
      if (posts.findIndex((other) => other.name === each.name) === index) return;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `a name of its own, not ${each.name} again` });
    });
  })
  .default([]);

export type NotifyDocument = z.output<typeof notifySchema>[number];

const moment = () =>
  z
    .string()
    .refine((text) => /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)), {
      error: 'a time with its zone such as "2026-12-01T22:00:00Z"',
    })
    .transform((text) => Date.parse(text));

export const silencesSchema = z
  .array(
    z
      .strictObject({
        match: z
          .strictObject({
            service: z.string().min(1).optional(),
            objective: z.string().min(1).optional(),
            rule: z.string().min(1).optional(),
          })
          .refine((match) => Object.values(match).some((value) => value !== undefined), {
            error: 'at least one of service, objective and rule',
          }),
        from: moment(),
        to: moment(),
        author: z.string().min(1, { error: 'who says so' }),
        reason: z.string().min(1, { error: 'why' }),
      })
      .refine(({ from, to }) => !(from >= to), { path: ['to'], error: 'a time after from' }),
  )
  .default([]);
