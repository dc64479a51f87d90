/** The `rules` section: webhooks for the playbook's service rules, and rules of the user's own. */
import { z } from 'zod';
import { didYouMean } from '../../probes/nearest.ts';
import { foundText, pathText, type Problem } from '../../probes/problem.ts';
import { duration, httpUrl } from '../../probes/spec.ts';
import type { Objective } from '../../slo/objective.ts';
import { ruleThresholdProblem, SERVICE_RULES, type ServiceRule } from '../../slo/service-rules.ts';
import { draftOf, keyed } from './draft.ts';
import type { KnownObjective } from './known-objectives.ts';
import { share } from './share.ts';

function rate() {
  const error = 'a burn rate between 0.001 and 1000000 such as 2';
  return z
    .number({ error })
    .min(0.001, { error })
    .max(1_000_000, { error })
    .transform((value) => String(value));
}

function threshold<Field extends z.ZodType<string>>(field: () => Field) {
  return z
    .strictObject({ above: field().optional(), atLeast: field().optional() })
    .refine(({ above, atLeast }) => (above === undefined) !== (atLeast === undefined), {
      error: 'one of above and atLeast',
    });
}

export const ruleSchema = z.strictObject({
  /** What a rule of one's own is about: one objective, or every objective of a service. */
  objective: z.string().min(1).optional(),
  service: z.string().min(1).optional(),
  consumed: threshold(share).optional(),
  burn: threshold(rate).optional(),
  actions: z.array(z.string().min(1)).min(1, { error: 'a list of at least one action' }).optional(),
  webhook: httpUrl().optional(),
  secret: z.string().min(16, { error: 'a secret of at least 16 characters' }).optional(),
  /** How long one attempt to deliver may take. */
  timeout: duration().default(10_000),
});

export type RuleDocument = z.output<typeof ruleSchema>;

export const rulesSchema = z.record(
  z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, { error: 'a name of a-z, 0-9 and hyphens' }),
  ruleSchema,
  {
    error: 'rules by name',
  },
);

export interface Webhook {
  readonly url: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

export interface Rules {
  readonly rules: readonly ServiceRule[];
  /** By the rule's id. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
}

const shippedRows = [...new Set(SERVICE_RULES.map(({ objective }) => objective))];

/** The playbook's rules, always; and those of one's own, one for each objective that they are about. */
export function buildRules(documents: Readonly<Record<string, RuleDocument>>, objectives: readonly Objective[]): Rules {
  const rules = [...SERVICE_RULES];
  const webhooks = new Map<string, Webhook>();
  for (const [name, document] of Object.entries(documents)) {
    const own = aboutOf(name, document, objectives).flatMap(({ id }) => ruleOf(name, id, document) ?? []);
    const { webhook: url, secret, timeout: timeoutMs } = document;
    const ids =
      own.length > 0 ? [name] : SERVICE_RULES.filter(({ objective }) => objective === name).map(({ id }) => id);
    rules.push(...own);
    if (url !== undefined && secret !== undefined) for (const id of ids) webhooks.set(id, { url, secret, timeoutMs });
  }
  return { rules, webhooks };
}

function aboutOf<Known extends Pick<Objective, 'id' | 'service'>>(
  name: string,
  { objective, service }: Partial<RuleDocument>,
  objectives: readonly Known[],
): readonly Known[] {
  if (service !== undefined) return objectives.filter((each) => each.service === service);
  return objectives.filter(({ id }) => id === (objective ?? name));
}

function ruleOf(name: string, objective: string, fields: Partial<RuleDocument>): ServiceRule | null {
  const { consumed, burn, actions = [] } = fields;
  const on = consumed === undefined ? 'burn' : 'consumed';
  const { above, atLeast } = consumed ?? burn ?? {};
  const value = above ?? atLeast;
  if (value === undefined) return null;
  return { id: name, objective, on, threshold: value, strict: above !== undefined, actions };
}

/** @param rules as their user wrote them. @param read asked once there are any; null: nothing can be said of objectives */
export function ruleProblems(rules: unknown, read: () => readonly KnownObjective[] | null): readonly Problem[] {
  const written = Object.entries(keyed(rules) ?? {});
  if (written.length === 0) return [];
  const objectives = read();
  return written.flatMap(([name, document]) => oneRule(name, document, objectives));
}

function oneRule(name: string, document: unknown, objectives: readonly KnownObjective[] | null): readonly Problem[] {
  const { fields, has, isSure } = draftOf(ruleSchema, document);
  const path = pathText(['rules', name]);
  const problem = (key: string, expected: string, found?: unknown): Problem => ({
    path: key === '' ? path : `${path}.${key}`,
    expected,
    found: foundText(found),
  });
  const problems: Problem[] = [];
  if (has('webhook') !== has('secret') && isSure('webhook', 'secret')) {
    const [there, missing] = has('webhook') ? ['webhook', 'secret'] : ['secret', 'webhook'];
    problems.push(problem(missing, `a ${missing} beside the ${there}`));
  }
  const isShipped = shippedRows.includes(name);
  if (isShipped && !['objective', 'service', 'consumed', 'burn', 'actions'].some(has)) {
    if (!has('webhook') && !has('secret'))
      problems.push(problem('webhook', 'an address for what the playbook asks here'));
    if (objectives?.some(({ id }) => id === name) === false) {
      problems.push(problem('', 'the id of an objective that is judged', name));
    }
    return problems;
  }
  if (isShipped) {
    const expected = `webhook and secret only (the rule of ${name} is the playbook's), or another name`;
    return [...problems, problem('', expected, document)];
  }
  if (SERVICE_RULES.some(({ id }) => id === name))
    problems.push(problem('', 'a name that no rule of the playbook has', name));
  if (!['objective', 'service', 'consumed', 'burn', 'actions'].some(has)) {
    const expected = `a row that has a rule in the playbook${didYouMean(name, shippedRows)}, or a rule with its trigger and actions`;
    return [...problems, problem('', expected, name)];
  }
  if (has('consumed') === has('burn') && isSure('consumed', 'burn')) {
    problems.push(problem('', 'one of consumed and burn, as its trigger', has('burn') ? document : undefined));
  }
  if (has('objective') === has('service') && isSure('objective', 'service')) {
    const expected = 'one of objective and service, which it is about';
    problems.push(problem('', expected, has('service') ? document : undefined));
  }
  if (!has('actions') && isSure('actions')) problems.push(problem('actions', 'what is to be done'));
  return objectives === null ? problems : [...problems, ...aboutProblems(path, name, fields, objectives)];
}

function aboutProblems(
  path: string,
  name: string,
  fields: Partial<RuleDocument>,
  objectives: readonly KnownObjective[],
): readonly Problem[] {
  const { objective, service } = fields;
  const ids = objectives.map(({ id }) => id);
  const services = [...new Set(objectives.map((each) => each.service))];
  if (objective !== undefined && !ids.includes(objective)) {
    const expected = `the id of an objective${didYouMean(objective, ids)}`;
    return [{ path: `${path}.objective`, expected, found: foundText(objective) }];
  }
  if (service !== undefined && !services.includes(service)) {
    const expected = `a service that an objective is about${didYouMean(service, services)}`;
    return [{ path: `${path}.service`, expected, found: foundText(service) }];
  }
  if (objective === undefined && service === undefined) return [];
  const unreachable = aboutOf(name, fields, objectives).map((each) => {
    const rule = ruleOf(name, each.id, fields);
    const why = rule === null || each.target === null ? null : ruleThresholdProblem(rule, each.target);
    return rule === null || why === null ? null : { rule, why: `${why} (${each.id})` };
  });
  const [first] = unreachable;
  // A rule about a service may be out of reach of some of its objectives, but not of all.
  if (first === undefined || first === null || unreachable.includes(null)) return [];
  const { on, threshold: value, strict } = first.rule;
  return [
    {
      path: `${path}.${on}.${strict ? 'above' : 'atLeast'}`,
      expected: `a ${on === 'burn' ? 'burn rate' : 'share'} that can be reached`,
      found: `${on === 'burn' ? value : `${Number(value) * 100}%`}, ${first.why}`,
    },
  ];
}
