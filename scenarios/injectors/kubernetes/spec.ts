import { z } from 'zod';
import { duration } from '../../../probes/spec.ts';
import { parsePercent } from '../../faults/words.ts';
import { targetName, uniqueNames } from '../spec.ts';

const NAMESPACE = { error: 'the name of a namespace such as "trading"' };
const LABELS = { error: 'labels, one or more, such as { app: venue }' };
const PODS = { error: '"one", "all" or a whole share such as "50%"' };
const PATH = { error: 'the path of a kubeconfig' };

const isPods = (value: unknown): value is string =>
  value === 'one' || value === 'all' || (/^\d+%$/.test(String(value)) && isShare(parsePercent(value)));
const isShare = (share: number | null): boolean => share !== null && share >= 1 && share <= 100;

const target = z
  .strictObject({
    name: targetName(),
    namespace: z.string(NAMESPACE).regex(/^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/, NAMESPACE),
    /** The pods that have all of them. */
    labels: z.record(z.string(), z.string(), LABELS).refine((labels) => Object.keys(labels).length > 0, LABELS),
    /** How many of them. */
    pods: z.custom<string>(isPods, PODS).default('one'),
    /** Chaos Mesh takes a fault back by itself after this, whoever has died. */
    longest: duration().default(900_000),
    /** How long it may take until every pod has the fault, or has lost it. */
    within: duration().default(20_000),
  })
  .transform(({ longest, within, ...rest }) => ({ ...rest, longestMs: longest, withinMs: within }));

export type KubernetesTarget = z.output<typeof target>;

/** `gamedays.injectors[]`: pods of a cluster that runs Chaos Mesh. */
export const kubernetesSchema = z.strictObject({
  kind: z.literal('kubernetes'),
  kubeconfig: z.string(PATH).min(1, PATH),
  /** Of the kubeconfig; without one, the one that is current there. */
  context: z.string().min(1, { error: 'the name of a context' }).optional(),
  targets: uniqueNames(target),
});

export type KubernetesSpec = z.output<typeof kubernetesSchema>;
