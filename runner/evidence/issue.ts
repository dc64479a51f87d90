/** Issues a document: numbered, signed, on record, and never the same number for other figures. */
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { DocumentInfo } from '../../reports/evidence/document.ts';
import { allFigures, figuresOf } from '../../reports/evidence/figures.ts';
import { sha256, zipped, type Files } from '../../reports/evidence/files.ts';
import { fingerprintOf } from '../../reports/evidence/key.ts';
import { manifestText } from '../../reports/evidence/manifest.ts';
import { canonical } from '../../reports/evidence/canonical.ts';
import type { Computed } from '../../reports/evidence/report-data.ts';
import type { SlaReport } from '../../reports/sla.ts';
import type { Objective } from '../../slo/objective.ts';
import { lastMoment } from '../../slo/ranges.ts';
import { heldAt } from '../../slo/targets.ts';
import { openStore } from '../../store/open.ts';
import { systemClock } from '../clock.ts';
import type { Configuration } from '../config/configuration.ts';
import { CommandError, EXIT } from '../io.ts';
import type { Known } from '../known.ts';
import type { Audience } from '../reporting.ts';
import { makeBundle, type Bundle } from './bundle.ts';
import { figuresSaid, issuedEvent, issuedOf, saysTheSame, type FiguresSaid, type Issued } from './register.ts';
import { restatementOf } from './restatement.ts';
import { writeBundle } from './write.ts';

export interface IssueRequest {
  readonly configuration: Configuration;
  readonly known: Known;
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
  readonly audience: Audience;
  readonly computed: Computed;
  readonly key: KeyObject;
  /** Folder that the bundle becomes a folder, and a file, of. */
  readonly folder: string;
  readonly gathered: SlaReport;
  readonly draw: (report: SlaReport, audience: Audience) => Promise<Files>;
}

export type IssueOutcome =
  | {
      readonly issued: true;
      readonly number: number;
      readonly restates: number | null;
      readonly folder: string;
      readonly file: string;
      readonly manifest: string;
      readonly key: string;
      /** It was on record already, and is written once more: the same bytes. */
      readonly again: boolean;
    }
  /** Its figures are those of the last one of its range. */
  | { readonly issued: false; readonly number: number; readonly asOfMs: number };

/** @throws CommandError when it cannot be written or recorded */
export async function issue(request: IssueRequest): Promise<IssueOutcome> {
  const { known, key, gathered } = request;
  const earlier = await issuedOf(known.store, request);
  const same = earlier.find(({ asOfMs }) => asOfMs === known.asOfMs);
  const before = same === undefined ? earlier.at(-1) : earlier.findLast(({ number }) => number < same.number);
  const said = figuresNow(request);
  const last = earlier.at(-1);
  if (same === undefined && last !== undefined && saysTheSame(last, said)) {
    return { issued: false, number: last.number, asOfMs: last.asOfMs };
  }
  if (same === undefined && last !== undefined && last.asOfMs > known.asOfMs) {
    const at = (ms: number): string => new Date(ms).toISOString();
    throw new CommandError(
      `report sla: expected --as-of after ${at(last.asOfMs)}, as of which no. ${last.number} of this range was issued, got ${at(known.asOfMs)}: a document restates what was known before it; without --bundle it is written without a number`,
      EXIT.usage,
    );
  }
  const number = same?.number ?? (last?.number ?? 0) + 1;
  const definitions = known.held.map((each) => definedAs(each, request.toMs));
  const { configuration, toMs } = request;
  const restates =
    before === undefined ? null : await restatementOf({ configuration, known, toMs, before, after: said, definitions });
  const info: DocumentInfo = { number, key: fingerprintOf(key), restates };
  const report: SlaReport = { ...gathered, document: info };
  const document = {
    number,
    restates: before === undefined ? null : { number: before.number, manifest: before.manifest },
  };
  const bundle = await makeBundle({
    ...request,
    report,
    pages: await request.draw(report, request.audience),
    document,
  });
  const hash = sha256(manifestText(bundle.manifest));
  if (same !== undefined && same.manifest !== hash && same.key === bundle.manifest.key) {
    throw new CommandError(
      `report sla: expected to write no. ${number} of this range again, whose manifest is ${same.manifest}, got ${hash}: the configuration, a journal or the program is another one than when it was issued; ask as of another moment for a new document`,
      EXIT.prober,
    );
  }
  if (same === undefined) {
    const issued = {
      number,
      restates: before?.number ?? null,
      asOfMs: known.asOfMs,
      manifest: hash,
      definitions,
      ...said,
    };
    await record(request, { ...issued, audience: request.audience, key: bundle.manifest.key });
  }
  const written = await put(request, bundle, number);
  const { manifest } = bundle;
  return {
    issued: true,
    number,
    restates: before?.number ?? null,
    ...written,
    manifest: hash,
    key: manifest.key,
    again: same !== undefined,
  };
}

/** What the document will say, before it knows its own number. */
function figuresNow({ gathered, computed }: IssueRequest): FiguresSaid {
  const { incidents } = gathered;
  const figures = allFigures(computed);
  const withoutExclusions = computed.without.map(figuresOf);
  const read: unknown = JSON.parse(canonical({ figures, withoutExclusions }));
  return figuresSaid({ incidents, ...asFigures(read) });
}

function asFigures(value: unknown): Pick<FiguresSaid, 'figures' | 'withoutExclusions'> {
  const cells = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const list = (name: string): FiguresSaid['figures'] => {
    const found = cells.get(name);
    return Array.isArray(found) ? found : [];
  };
  return { figures: list('figures'), withoutExclusions: list('withoutExclusions') };
}

/** As it held when the range ended, and by what figures depend on: words and later versions change none. */
function definedAs(objective: Objective, toMs: number): Issued['definitions'][number] {
  const atMs = lastMoment(toMs);
  const { id, target, sli, versions = [], windowMs, ...rest } = heldAt(objective, atMs);
  const { slidingMs, weighing, split, minEvents, probes, unknownBecause, telemetry } = rest;
  const earlier = versions.filter(({ fromMs }) => fromMs === null || fromMs <= atMs);
  const judgedBy = {
    target,
    windowMs,
    slidingMs,
    weighing,
    split,
    minEvents,
    probes,
    unknownBecause,
    telemetry,
    sli: sli.type === 'threshold' ? { type: sli.type, indicator: sli.indicator, ms: sli.ms, strict: sli.strict } : sli,
    versions: earlier.map(({ fromMs, target: was, limit: within }) => ({ fromMs, target: was, limit: within })),
  };
  const limit = sli.type === 'threshold' ? `${sli.strict ? '<' : '≤'} ${sli.ms} ms` : null;
  return { objective: id, target, limit, windowMs, hash: sha256(canonical(judgedBy)) };
}

async function put({ folder, fromMs, toMs, audience, known }: IssueRequest, { files }: Bundle, number: number) {
  const name = `evidence-${stamp(fromMs)}-${stamp(toMs)}-${audience}-no-${number}`;
  const written = await writeBundle(join(folder, name), files, zipped(files));
  if (written.ok) return { folder: written.folder, file: written.file };
  const again = `no. ${number} of this range is on record, and written by the same command with --as-of ${new Date(known.asOfMs).toISOString()}`;
  throw new CommandError(`${written.message}; ${again}`, EXIT.prober);
}

/** "20261101", with the time where it is not midnight: no other range has it. */
function stamp(ms: number): string {
  const text = new Date(ms).toISOString().replaceAll(/[-:]/g, '').replace('.000Z', 'Z');
  return text.replace('T000000Z', '').replace('.', '');
}

/**
 * Before it is written: the ledger takes one event of a number, so that of two processes that come to the same one only one
 * has it, and its files are touched by nobody else. What is on record and was not written is written by asking for it again.
 */
async function record(request: IssueRequest, issued: Issued): Promise<void> {
  const { configuration, nowMs } = request;
  await using store = await openStore({
    path: configuration.ledgerPath,
    stepMs: configuration.base.minuteMs,
    clock: systemClock,
  });
  await store.recordEvents([issuedEvent(request, issued, nowMs)]);
  const now = (await issuedOf(store, request)).find(({ number }) => number === issued.number);
  if (now?.manifest === issued.manifest) return;
  throw new CommandError(
    `report sla: expected to issue no. ${issued.number} of this range, and another process has meanwhile; nothing was written, run it again`,
    EXIT.prober,
  );
}
