/** The chain of results as it was at a moment: the last segment may have gone on since, and is cut where it was. */
import type { SegmentLine } from '../../reports/evidence/manifest.ts';
import { nextHead } from '../../store/chain.ts';
import type { ChainedRun } from '../../store/chained-run.ts';
import type { LedgerStore } from '../../store/open.ts';
import type { Segment } from '../../store/store.ts';

export interface SegmentRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly asOfMs: number;
}

/** Those that hold a result which was due in the range and recorded by then. */
export async function segmentsAt(
  store: Pick<LedgerStore, 'segments' | 'links'>,
  { fromMs, toMs, asOfMs }: SegmentRange,
): Promise<readonly SegmentLine[]> {
  const lines: SegmentLine[] = [];
  for (const segment of await store.segments({ fromMs, toMs })) {
    const line = (segment.closedMs ?? Infinity) > asOfMs ? await cutAt(store, segment, asOfMs) : lineOf(segment);
    if (line !== null) lines.push(line);
  }
  return lines;
}

function lineOf({ expiredMs: _later, ...segment }: Segment): SegmentLine {
  return segment;
}

/** In the order of the chain: what follows the first result that was recorded later was not there either. */
async function cutAt(store: Pick<LedgerStore, 'links'>, segment: Segment, asOfMs: number): Promise<SegmentLine | null> {
  let line: SegmentLine | undefined;
  for await (const page of store.links(segment)) {
    for (const run of page) {
      if (run.recordedMs > asOfMs) return line ?? null;
      line = longer(segment, line, run);
    }
  }
  return line ?? null;
}

function longer(
  { number, firstSeq, previous }: Segment,
  before: SegmentLine | undefined,
  run: ChainedRun,
): SegmentLine {
  const { seq, scheduledMs: dueMs } = run;
  return {
    number,
    firstSeq,
    lastSeq: seq,
    results: seq - firstSeq + 1,
    firstScheduledMs: Math.min(before?.firstScheduledMs ?? dueMs, dueMs),
    lastScheduledMs: Math.max(before?.lastScheduledMs ?? dueMs, dueMs),
    closedMs: null,
    previous,
    head: nextHead(before?.head ?? previous, run),
  };
}
