/** The figures of a document, from tallies and definitions alone: for who issues it and for who verifies it, the same way. */
import { withPercentile } from '../../slo/live-percentile.ts';
import type { WindowSamples } from '../../reports/evidence/content.ts';
import type { Objective } from '../../slo/objective.ts';
import { lastMoment } from '../../slo/ranges.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import type { StoreReader } from '../../store/store.ts';
import { createAccounts } from '../../store/accounts.ts';
import { withFreshness } from '../telemetry/freshness.ts';

export interface Recomputation {
  /** With their versions, as they held. */
  readonly definitions: readonly Objective[];
  readonly base: TimeBase;
  /** Where the range ends, which is the start of a step. */
  readonly toMs: number;
  readonly samples: WindowSamples;
}

export async function recompute(
  reader: Pick<StoreReader, 'rollups' | 'tallies' | 'events'>,
  { definitions, base, toMs, samples }: Recomputation,
): Promise<readonly Status[]> {
  const nowMs = lastMoment(toMs);
  const statuses: Status[] = [];
  for (const found of await createAccounts(reader, base).statuses(definitions, nowMs)) {
    const status = await withFreshness(found, reader, nowMs);
    const own = samples.get(status.objective.id);
    statuses.push(own === undefined || status.live === null ? status : withPercentile(status, own));
  }
  return statuses;
}
