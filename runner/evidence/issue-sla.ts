/** `report sla --bundle`: what was found becomes a document that somebody else can check. */
import type { Computed } from '../../reports/evidence/report-data.ts';
import type { SlaReport } from '../../reports/sla.ts';
import type { Objective } from '../../slo/objective.ts';
import { lastMoment } from '../../slo/ranges.ts';
import { evaluateAll } from '../evaluation.ts';
import type { Known } from '../known.ts';
import { gatherSla, type Audience, type SlaRequest } from '../reporting.ts';
import { signingKey } from '../signing-key.ts';
import { drawPages } from './draw.ts';
import { issue, type IssueOutcome } from './issue.ts';

export interface SlaIssue extends Pick<SlaRequest, 'configuration' | 'fromMs' | 'toMs' | 'folder'> {
  readonly known: Known;
  readonly nowMs: number;
  readonly audience: Audience;
}

/** @throws CommandError */
export async function issueSla(request: SlaIssue): Promise<IssueOutcome> {
  const { configuration, fromMs, toMs, audience } = request;
  const key = signingKey(configuration);
  const known = forAudience(request.known, audience);
  const { reader, objectives, asOfMs } = known;
  const statuses = await evaluateAll(reader, objectives, { base: configuration.base, nowMs: lastMoment(toMs) });
  // A bundle is of this ledger, whatever else reports are read from.
  const own = { ...configuration, readsInflux: null };
  const all = await gatherSla({ configuration: own, store: reader, statuses, fromMs, toMs, asOfMs });
  const gathered = audience === 'customer' ? about(all, objectives) : all;
  const { without, exclusions, periods } = gathered;
  const computed: Computed = { statuses, without, exclusions, periods };
  return issue({ ...request, known, computed, key, gathered, draw: drawPages });
}

/** A customer gets the tallies of what was promised to him, and nothing of what is internal. */
function forAudience(known: Known, audience: Audience): Known {
  if (audience !== 'customer') return known;
  const promised = new Set(known.objectives.filter(({ commitment }) => commitment === 'sla').map(({ id }) => id));
  const isHis = ({ id, beside }: Objective): boolean => promised.has(beside?.id ?? id);
  return { ...known, objectives: known.objectives.filter(isHis), held: known.held.filter(isHis) };
}

/** Nothing of probes, services and objectives that the document is not about. */
function about(report: SlaReport, objectives: readonly Objective[]): SlaReport {
  const ids = new Set(objectives.map(({ id }) => id));
  const probes = new Set(objectives.flatMap((objective) => objective.probes));
  const services = new Set<string | null>(objectives.map(({ service }) => service));
  const isOwn = ({ subject }: { readonly subject: string }): boolean => ids.has(subject);
  const isAsked = ({ probe }: { readonly probe: string }): boolean => probes.has(probe);
  const { measurements, colourChanges, targetChanges, incidents } = report;
  return {
    ...report,
    probes: report.probes.filter(({ id }) => probes.has(id)),
    measurements: {
      runs: measurements.runs.filter(isAsked),
      measured: measurements.measured.filter(isAsked),
      leftOut: measurements.leftOut.filter((probe) => probes.has(probe)),
    },
    orders: [],
    samplingChanges: [],
    exercises: [],
    overloads: [],
    colourChanges: colourChanges.filter(isOwn),
    targetChanges: targetChanges.filter(isOwn),
    incidents: incidents.filter(({ service }) => services.has(service)),
  };
}

export function issueLines(outcome: IssueOutcome): readonly string[] {
  const { number } = outcome;
  if (!outcome.issued) {
    const asOf = new Date(outcome.asOfMs).toISOString();
    return [
      `no. ${number} of this range stands: its figures are the same, so nothing was issued; --as-of ${asOf} writes it again`,
    ];
  }
  const { folder, file, manifest, key, restates, again } = outcome;
  const what = again ? ', written again' : restates === null ? '' : `, which restates no. ${restates}`;
  return [folder, file, `no. ${number} of this range${what}; manifest sha256:${manifest}, signed by ${key}`];
}
