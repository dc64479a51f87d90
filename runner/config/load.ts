import { dirname, join, resolve } from 'node:path';
import { inOrder, placesInValue, type Locate } from '../../probes/place.ts';
import { problemLine, problemsOf, withoutSaid } from '../../probes/problem.ts';
import { governs } from '../../slo/objective.ts';
import { timeBase } from '../../slo/time-base.ts';
import { unsignedTexts } from '../target-text.ts';
import { addresseeProblems, addresseeWarnings } from './addressees.ts';
import type { Configuration } from './configuration.ts';
import { demandOf, demandWarnings } from './demand.ts';
import { draftOf, keyed } from './draft.ts';
import { readDocument } from './file.ts';
import { bindingProblems, plannedSources, sourceWarnings } from './bindings.ts';
import { objectiveProblems } from './objective-rules.ts';
import { overspendProblems } from './gamedays.ts';
import { incidentWarnings } from './incident-warnings.ts';
import type { Origin } from './kept.ts';
import { knownObjectives } from './known-objectives.ts';
import { buildObjectives } from './objectives.ts';
import { draftProbes, plannedOf } from './probes.ts';
import { retentionOf, retentionProblems, retentionWarnings } from './retention.ts';
import { buildRules, ruleProblems } from './rules.ts';
import { documentSchema, type Document } from './schema.ts';
import { literalSecrets, resolveReferences } from './secrets.ts';
import { objectiveWarnings, undeclared } from './services.ts';

export type Loaded =
  | { readonly ok: true; readonly configuration: Configuration; readonly origin: Origin }
  /** One line a problem, complete: file, path, expected, found, line of the file. */
  | { readonly ok: false; readonly lines: readonly string[] };

/** `scenarios`: the ones that are named, which are not looked at. */
type Checked =
  | { readonly ok: true; readonly configuration: Configuration; readonly references: readonly string[] }
  | (Extract<Loaded, { ok: false }> & { readonly scenarios: readonly string[] });

export interface LoadOptions {
  readonly file: string | undefined;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** When something is wrong, what is wrong with the scenarios is said too; when nothing is, they are left to their readers. */
export async function loadConfiguration(options: LoadOptions): Promise<Loaded> {
  const read = await readDocument(options.file, options.folder);
  if (!read.ok) return read;
  const { environment } = options;
  const folder = dirname(read.path);
  const loaded = checkDocument(read.document, read.source, folder, environment, read.locate);
  if (loaded.ok) {
    const { configuration, references } = loaded;
    return { ok: true, configuration, origin: { path: read.path, text: read.text, references } };
  }
  const { readScenarios } = await import('./scenarios.ts');
  const { lines } = await readScenarios(loaded.scenarios, environment, folder);
  return { ok: false, lines: [...loaded.lines, ...lines] };
}

/**
 * Checks a document that is already in memory; nothing is started, nothing but the environment is read. Every part is
 * read by itself, so that one mistake hides no other.
 */
export function checkDocument(
  document: unknown,
  source: string,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  locate: Locate = placesInValue(document),
): Checked {
  const {
    document: resolved,
    problems: unset,
    redact,
    secrets: values,
    references,
  } = resolveReferences(document, environment);
  const given = keyed(resolved) ?? {};
  const list = Array.isArray(given['probes']) ? given['probes'] : [];
  const { drafts, problems: probeProblems } = draftProbes(list);
  const parsed = documentSchema.safeParse(resolved);
  const secrets = [...literalSecrets(document), ...unset];
  const own = parsed.success ? [] : problemsOf(parsed.error, resolved, documentSchema);
  const declared = Object.keys(keyed(given['services']) ?? {});
  const written = [...secrets, ...withoutSaid(own, secrets)];
  const read = [...written, ...withoutSaid(probeProblems, written)];
  const top = draftOf(documentSchema, resolved);
  // Under a misspelt key stand objectives that nobody has read; the default in their place would be judged for nothing.
  const isWritten = top.has('objectives') || !top.hasStrangers;
  const rules = [
    ...(isWritten ? objectiveProblems(given['objectives'], drafts) : []),
    ...bindingProblems(given),
    ...overspendProblems(given),
    ...undeclared(declared, given['objectives'], drafts),
    ...ruleProblems(given['rules'], () => (isWritten ? knownObjectives(given['objectives'], drafts) : null)),
    ...retentionProblems(given['store'], () => (isWritten ? knownObjectives(given['objectives'], drafts) : null)),
    ...addresseeProblems(given, () => (isWritten ? knownObjectives(given['objectives'], drafts) : null), [
      ...declared,
      ...list.map((probe) => keyed(probe)?.['service']),
    ]),
  ];
  const problems = [...read, ...withoutSaid(rules, read)];
  if (!parsed.success || problems.length > 0) {
    return {
      ok: false,
      lines: inOrder(problems, locate).map((problem) => redact(problemLine(source, problem))),
      scenarios: namedScenarios(given['gamedays']),
    };
  }

  const value = parsed.data;
  const base = timeBase(value.timeScale);
  const probes = plannedOf(drafts);
  const objectives = buildObjectives(value.objectives, drafts, probes, base, value.sources);
  const sources = plannedSources(value, objectives);
  const windows = objectives.filter(governs).map(({ id, windowMs }) => ({ id, windowMs: windowMs * base.scale }));
  const retention = retentionOf(value.store.retention, windows);
  return {
    ok: true,
    configuration: {
      source,
      folder,
      environment: value.environment,
      isEnvironmentNamed: given['environment'] !== undefined,
      location: value.location,
      seed: value.seed,
      base,
      services: value.services,
      probes,
      sources,
      objectives: objectives.map((objective) => {
        const service = value.services[objective.service];
        return service === undefined || objective.owners.length > 0
          ? objective
          : { ...objective, owners: service.owners, supporting: service.supporting };
      }),
      warnings: [
        ...objectiveWarnings(objectives, probes),
        ...unsignedTexts(objectives),
        ...sourceWarnings(sources),
        ...addresseeWarnings(value.notify, objectives),
        ...incidentWarnings(value, objectives),
        ...retentionWarnings(retention, windows),
        ...demandWarnings(demandOf(probes, objectives, base)),
      ].map((warning) => redact(warning)),
      holdMs: value.cadence.hold / base.scale,
      gate: value.gate,
      rules: buildRules(value.rules, objectives),
      notify: value.notify,
      silences: value.silences,
      incidents: value.incidents,
      clock: value.clock,
      loopToleranceMs: value.loopTolerance ?? null,
      listen: value.listen === false ? null : value.listen,
      ledgerPath: resolve(folder, value.store.ledger),
      spillFolder: value.store.spill === undefined ? null : resolve(folder, value.store.spill),
      influx: value.store.influx ?? null,
      retention,
      readsInflux: readsInflux(value.store.read),
      gamedays: {
        environments: value.gamedays.environments,
        folder: resolve(folder, value.gamedays.folder),
        reports: value.gamedays.reports === undefined ? null : resolve(folder, value.gamedays.reports),
        injectors: value.gamedays.injectors,
        scenarios: value.gamedays.scenarios,
        maxBudgetSpend: value.gamedays.maxBudgetSpend ?? null,
        overspend: value.gamedays.overspend ?? null,
        limits: value.gamedays.limits,
        market: value.gamedays.market ?? null,
        trading: value.gamedays.trading ?? null,
        webhook: value.gamedays.webhook ?? null,
        schedule: value.gamedays.schedule,
      },
      evidence: value.evidence,
      reportsFolder: resolve(folder, value.reports.folder),
      reports: value.reports,
      artefactsFolder: resolve(folder, value.artefacts.folder ?? join(value.reports.folder, 'artefacts')),
      redact,
      secrets: values,
    },
    references,
  };
}

/** The scenarios that a document names, whatever else is wrong with it. */
function namedScenarios(gamedays: unknown): readonly string[] {
  const names = keyed(gamedays)?.['scenarios'];
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

function readsInflux(read: Document['store']['read']): Configuration['readsInflux'] {
  if (read === 'ledger') return null;
  return { locations: read === 'influx' ? null : read.locations };
}
