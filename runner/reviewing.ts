/** The playbook's reviews as the command writes them: what the record says of a period, and who is to decide what. */
import type { Proposed, Review } from '../reports/review.ts';
import type { RenderedReport } from '../reports/rendered.ts';
import { replayChange, type ReplayOptions } from '../reports/replay/replay.ts';
import type { Change } from '../reports/replay/change.ts';
import type { Objective, TargetVersion } from '../slo/objective.ts';
import { lastMoment } from '../slo/ranges.ts';
import { governing } from '../slo/policy.ts';
import type { Status } from '../slo/status.ts';
import { limitOf } from '../slo/target-history.ts';
import { announcedVersions } from '../slo/targets.ts';
import type { StoreReader } from '../store/store.ts';
import type { Configuration } from './config/configuration.ts';
import { writeDocuments, type Forms } from './documents.ts';
import { evaluateAll } from './evaluation.ts';
import { judgeWithout } from './exclusions.ts';
import { CommandError, EXIT } from './io.ts';
import { DUTY_TEXT, obligationsOf } from './obligations.ts';
import { proposalsFromFile } from './replay-changes.ts';
import { reportedProbe } from './reporting.ts';
import { writeIndex } from './report-index.ts';
import { REVIEW_TEXT, reviewsOf } from './reviews/item.ts';
import { VERSION } from './version.ts';

export const PERIODS = ['weekly', 'monthly', 'quarterly'] as const;
export type Period = (typeof PERIODS)[number];

/** Policy days that a review looks back. */
export const PERIOD_DAYS: Readonly<Record<Period, number>> = { weekly: 7, monthly: 30, quarterly: 90 };

export interface ReviewRequest {
  readonly configuration: Configuration;
  readonly reader: StoreReader;
  readonly objectives: readonly Objective[];
  readonly period: Period;
  readonly fromMs: number;
  readonly toMs: number;
  /** Null: nobody can say what was known when. */
  readonly asOfMs: number | null;
  readonly folder: string;
  readonly forms: Forms;
  readonly signal: AbortSignal;
}

/** Its document, and the index of the folder. @returns the paths of the documents. @throws CommandError */
export async function writeReview(request: ReviewRequest): Promise<readonly string[]> {
  const { folder, forms, toMs, period } = request;
  const review = await gatherReview(request);
  const name = `${period}-${new Date(toMs).toISOString().slice(0, 10)}`;
  const written = await writeDocuments(await rendered(period, review, name), folder, forms);
  await writeIndex(folder, forms);
  return written;
}

async function gatherReview(request: Omit<ReviewRequest, 'folder' | 'forms'>): Promise<Review> {
  const { configuration, reader, objectives, period, fromMs, toMs, asOfMs } = request;
  const { base, environment, location } = configuration;
  const { collectReview } = await import('../reports/review.ts');
  const statuses = await evaluateAll(reader, objectives, { base, nowMs: lastMoment(toMs) });
  const items = reviewsOf(await reader.events({ kind: 'review-item', toMs }));
  return collectReview({
    reader,
    statuses,
    base,
    environment,
    location,
    tool: { version: VERSION },
    fromMs,
    toMs,
    ...(asOfMs === null ? {} : { asOfMs }),
    excluded: await judgeWithout(reader, statuses, base),
    duties: obligationsOf(await reader.events({ kind: 'obligation', toMs }), toMs).map((each) => ({
      ...each,
      duty: DUTY_TEXT[each.duty],
    })),
    items: items.map(({ type, ...rest }) => ({ ...rest, type: REVIEW_TEXT[type] })),
    probes: configuration.probes.map(reportedProbe),
    proposed: period === 'quarterly' ? await proposedOf(request, statuses) : [],
  });
}

async function rendered(period: Period, review: Review, name: string): Promise<RenderedReport> {
  const { renderWeekly, renderMonthly, renderQuarterly } = await import('../reports/review.ts');
  const render = { weekly: renderWeekly, monthly: renderMonthly, quarterly: renderQuarterly }[period];
  return render(review, name);
}

interface Wish extends Pick<Proposed, 'origin' | 'rfc' | 'version'> {
  readonly objective: Objective;
  readonly change: Change;
}

/** What the file of `reports.proposals` proposes, and what is announced for a day to come; each held against the history. */
async function proposedOf(
  request: Omit<ReviewRequest, 'folder' | 'forms'>,
  statuses: readonly Status[],
): Promise<readonly Proposed[]> {
  const { configuration, reader, fromMs, toMs, signal } = request;
  const { base } = configuration;
  const wishes = [...(await fromFile(configuration)), ...governing(statuses).flatMap(announced)];
  const options: ReplayOptions = { base, fromMs, toMs, signal, everyMs: base.hourMs };
  const found: Proposed[] = [];
  for (const { objective, change, origin, rfc, version } of wishes) {
    const { id, title, owners } = objective;
    const replayed = await replayChange(reader, objective, change, options);
    found.push({
      objective: id,
      title,
      owners,
      origin,
      rfc,
      version,
      replay: replayed.ok ? replayed.replay : null,
      because: replayed.ok ? null : `expected ${replayed.problem.expected}`,
    });
  }
  return found;
}

async function fromFile({ reports, folder, objectives, base }: Configuration): Promise<readonly Wish[]> {
  if (reports.proposals === undefined) return [];
  const read = await proposalsFromFile(reports.proposals, folder, { objectives, scale: base.scale });
  if (!read.ok) throw new CommandError(read.lines.join('\n'), EXIT.usage);
  return read.proposals.map((each) => ({ ...each, origin: 'proposed', version: null }));
}

function announced({ objective, atMs }: Status): readonly Wish[] {
  return announcedVersions(objective, atMs).flatMap((version) => {
    const change = changeTo(version, objective);
    if (Object.keys(change).length === 0) return [];
    return [{ objective, change, origin: 'announced', rfc: version.rfc, version } as const];
  });
}

function changeTo({ target, limit }: TargetVersion, objective: Objective): Change {
  const now = limitOf(objective.sli);
  return {
    ...(target === objective.target ? {} : { target }),
    ...(limit === null || limit.ms === now?.ms ? {} : { limitMs: limit.ms }),
  };
}
