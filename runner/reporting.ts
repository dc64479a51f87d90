/**
 * Reports as the commands and the demo write them. What draws and words them is loaded when a report is written, not by
 * every process that could write one.
 */
import { dirname } from 'node:path';
import { collectExercise } from '../reports/exercise.ts';
import { span } from '../reports/figures.ts';
import type { RenderedReport } from '../reports/rendered.ts';
import type { ReportedProbe, SlaReport } from '../reports/sla.ts';
import type { GamedayInput } from '../reports/gameday.ts';
import type { JournalEntry } from '../scenarios/journal.ts';
import type { Status } from '../slo/status.ts';
import type { Result } from '../store/result.ts';
import type { StoreReader } from '../store/store.ts';
import type { Configuration, PlannedProbe } from './config/configuration.ts';
import { judgeWithout } from './exclusions.ts';
import { readJournal } from './gameday/journal.ts';
import { gamedayJournals } from './gameday/journals.ts';
import { findRunBefore } from './gameday/run-before.ts';
import { writeDocuments, type Forms } from './documents.ts';
import { VERSION } from './version.ts';

export interface SlaRequest {
  readonly configuration: Configuration;
  readonly store: StoreReader;
  readonly statuses: readonly Status[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Of what the store shows nothing was recorded later; left out: nobody asked when. */
  readonly asOfMs?: number;
  readonly folder: string;
  /** Default: `sre`. */
  readonly audience?: Audience;
  /** Default: Markdown alone. */
  readonly forms?: Forms;
}

/** Who is to read it: everything, or what was promised to customers; `customer-all`: with the internal objectives. */
export type Audience = 'sre' | 'customer' | 'customer-all';

/** The same figures, for whoever is to read them. */
export async function rendered(report: SlaReport, audience: Audience): Promise<RenderedReport> {
  if (audience === 'sre') return (await import('../reports/sla.ts')).renderSla(report);
  const { renderCustomer } = await import('../reports/customer.ts');
  return renderCustomer(report, { internal: audience === 'customer-all' });
}

/** As a report tells it. */
export function reportedProbe(probe: PlannedProbe): ReportedProbe {
  const { id, kind, endpoint, venue, mode, everyMs, cron } = probe;
  const planned = everyMs === null ? `by calendar: ${cron?.expression ?? '–'}` : `every ${span(everyMs)}`;
  return {
    id,
    kind,
    endpoint,
    venue,
    every: mode === 'continuous' ? 'all the time' : planned,
    ...(goesByCalendar(probe) ? { byCalendar: true } : {}),
  };
}

/** Nothing is due, or nothing comes, while a market is closed. */
function goesByCalendar({ everyMs, spec }: Pick<PlannedProbe, 'everyMs' | 'spec'>): boolean {
  return everyMs === null || ('calendar' in spec && spec.calendar !== undefined);
}

/** @returns the paths of the documents, the Markdown first. @throws CommandError when it cannot be written */
export async function writeSlaReport(request: SlaRequest): Promise<readonly string[]> {
  const report = await rendered(await gatherSla(request), request.audience ?? 'sre');
  return writeDocuments(report, request.folder, request.forms);
}

/** What the document says, before it is drawn. */
export async function gatherSla(request: Omit<SlaRequest, 'audience' | 'folder' | 'forms'>): Promise<SlaReport> {
  const { configuration, store, statuses, fromMs, toMs, asOfMs } = request;
  const gamedays: (readonly JournalEntry[])[] = [];
  for (const path of await gamedayJournals(configuration.gamedays.folder)) {
    const { entries } = await readJournal(path);
    const first = entries[0];
    if (first === undefined || first.atMs < fromMs || first.atMs >= toMs) continue;
    const known = entries.filter(({ atMs }) => atMs <= (asOfMs ?? Infinity));
    if (known.length > 0) gamedays.push(known);
  }
  const { collectSla } = await import('../reports/sla.ts');
  return collectSla({
    reader: store,
    statuses,
    base: configuration.base,
    fromMs,
    toMs,
    environment: configuration.environment,
    isEnvironmentNamed: configuration.isEnvironmentNamed,
    location: placesOf(configuration),
    tool: { version: VERSION },
    ...(asOfMs === undefined ? {} : { asOfMs }),
    probes: configuration.probes.map(reportedProbe),
    excluded: await judgeWithout(store, statuses, configuration.base),
    gamedays,
  });
}

/** Whose results a report is made from. */
function placesOf({ location, readsInflux }: Configuration): string {
  if (readsInflux === null) return location;
  return readsInflux.locations === null ? 'every location that ships to InfluxDB' : readsInflux.locations.join(', ');
}

export interface GamedayReportRequest {
  readonly configuration: Configuration;
  readonly journalPath: string;
  /** What journals of older versions, and of killed game-days, do not hold themselves; null: there is no ledger. */
  readonly ledger: () => Promise<{ readonly store: StoreReader; readonly statuses: readonly Status[] } | null>;
  /** Default: beside the journal, and `gamedays.reports` where that is configured. */
  readonly folder?: string;
  readonly forms?: Forms;
}

/** Room left and right of the exercise in its chart. */
const MARGIN_MS = 10_000;

/** @returns the paths of the documents, the Markdown beside the journal first. @throws CommandError when one cannot be written */
export async function writeGamedayReport(request: GamedayReportRequest): Promise<readonly string[]> {
  const { configuration, journalPath, ledger, folder } = request;
  const { entries } = await readJournal(journalPath);
  const { isComplete, readStory, renderGameday } = await import('../reports/gameday.ts');
  const isWhole = isComplete(readStory(entries));
  const found = isWhole ? null : await ledger();
  const input = {
    journal: entries,
    ...(found === null ? {} : await fromLedger(entries, found, configuration)),
    ...(isWhole ? {} : { before: await findRunBefore(configuration.gamedays.folder, entries) }),
  };
  const { reports } = configuration.gamedays;
  const folders = folder === undefined ? [dirname(journalPath), ...(reports === null ? [] : [reports])] : [folder];
  const report = renderGameday(input);
  const written: string[] = [];
  for (const each of folders) written.push(...(await writeDocuments(report, each, request.forms)));
  return written;
}

async function fromLedger(
  journal: readonly JournalEntry[],
  { store, statuses }: { readonly store: StoreReader; readonly statuses: readonly Status[] },
  { base }: Configuration,
): Promise<Pick<GamedayInput, 'results' | 'statuses' | 'exercise'>> {
  const results: Result[] = [];
  const [first, last] = [journal.at(0), journal.at(-1)];
  if (first !== undefined && last !== undefined) {
    const range = { fromMs: first.atMs - MARGIN_MS, toMs: last.atMs + MARGIN_MS };
    const component = journal.find((entry) => entry.type === 'started')?.component;
    for await (const result of store.results(component === undefined ? range : { ...range, service: component })) {
      results.push(result);
    }
  }
  return { results, statuses, exercise: await collectExercise({ reader: store, statuses, base, journal }) };
}
