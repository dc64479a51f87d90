/** Which documents were issued: events of the ledger, one a document, with the figures that it had. */
import { z } from 'zod';
import { differences } from '../../reports/evidence/figures.ts';
import type { LedgerEvent, StoreReader } from '../../store/store.ts';

const figures = z.array(z.looseObject({ objective: z.string() }));

const body = z.object({
  number: z.int().min(1),
  restates: z.int().nullable(),
  asOfMs: z.number(),
  audience: z.string(),
  manifest: z.string(),
  key: z.string(),
  figures,
  withoutExclusions: figures,
  incidents: z.array(z.object({ id: z.string(), withinMs: z.number() })),
  definitions: z.array(
    z.object({
      objective: z.string(),
      target: z.string(),
      limit: z.string().nullable(),
      hash: z.string(),
      windowMs: z.number(),
    }),
  ),
});

export type Issued = z.output<typeof body>;

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly audience: string;
}

function subjectOf({ fromMs, toMs, audience }: Range): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return `${from}/${to}/${audience}`;
}

export function issuedEvent(range: Range, issued: Issued, atMs: number): LedgerEvent {
  const subject = subjectOf(range);
  return {
    id: `evidence/${subject}/${issued.number}`,
    atMs,
    kind: 'evidence',
    service: null,
    subject,
    body: { ...issued },
  };
}

/** Of one range, in the order of their numbers. */
export async function issuedOf(store: Pick<StoreReader, 'events'>, range: Range): Promise<readonly Issued[]> {
  const subject = subjectOf(range);
  const events = (await store.events({ kind: 'evidence' })).filter((event) => event.subject === subject);
  return events
    .flatMap((event) => {
      const read = body.safeParse(event.body);
      return read.success ? [read.data] : [];
    })
    .toSorted((a, b) => a.number - b.number);
}

export type FiguresSaid = Pick<Issued, 'figures' | 'withoutExclusions' | 'incidents'>;

export function figuresSaid({
  figures,
  withoutExclusions,
  incidents,
}: Pick<Issued, 'figures' | 'withoutExclusions'> & {
  readonly incidents: readonly { readonly id: string; readonly withinMs: number }[];
}): FiguresSaid {
  return { figures, withoutExclusions, incidents: incidents.map(({ id, withinMs }) => ({ id, withinMs })) };
}

export function saysTheSame(before: FiguresSaid, after: FiguresSaid): boolean {
  return (
    differences('', before.figures, sameKeys(before.figures, after.figures)).length === 0 &&
    differences('', before.withoutExclusions, after.withoutExclusions).length === 0 &&
    differences('', before.incidents, after.incidents).length === 0
  );
}

/** A document of an earlier edition says nothing of how much was measured; that alone is no other figure. */
function sameKeys(before: FiguresSaid['figures'], after: FiguresSaid['figures']): FiguresSaid['figures'] {
  if (before.some((each) => 'period' in each)) return after;
  return after.map((each) => ({ ...each, period: undefined }));
}
