import { dirname, resolve } from 'node:path';
import { problemLine, problemsOf, type Problem } from '../../probes/problem.ts';
import { timeBase } from '../../slo/time-base.ts';
import type { Configuration } from './configuration.ts';
import { readDocument } from './file.ts';
import { buildObjectives } from './objectives.ts';
import { parseProbes } from './probes.ts';
import { documentSchema } from './schema.ts';
import { literalSecrets, resolveReferences } from './secrets.ts';

export type Loaded =
  | { readonly ok: true; readonly configuration: Configuration }
  /** One line a problem, complete: file, path, expected, found. */
  | { readonly ok: false; readonly lines: readonly string[] };

export interface LoadOptions {
  readonly file: string | undefined;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export async function loadConfiguration(options: LoadOptions): Promise<Loaded> {
  const read = await readDocument(options.file, options.folder);
  if (!read.ok) return read;
  return checkDocument(read.document, read.source, dirname(read.path), options.environment);
}

/** Checks a document that is already in memory; nothing is started, nothing but the environment is read. */
export function checkDocument(
  document: unknown,
  source: string,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Loaded {
  const { document: resolved, problems: unset, redact } = resolveReferences(document, environment);
  const problems: Problem[] = [...literalSecrets(document), ...unset];
  const refuse = (): Loaded => ({ ok: false, lines: problems.map((problem) => redact(problemLine(source, problem))) });

  const parsed = documentSchema.safeParse(resolved);
  // The probes are checked even when something else is wrong: every problem is said at once.
  const list = typeof resolved === 'object' && resolved !== null && 'probes' in resolved ? resolved.probes : undefined;
  const { probes, problems: probeProblems } = parseProbes(Array.isArray(list) ? list : []);
  if (!parsed.success) {
    const own = problemsOf(parsed.error, resolved, documentSchema);
    problems.push(...own, ...probeProblems.filter((a) => !own.some((b) => b.path === a.path)));
    return refuse();
  }
  const value = parsed.data;
  problems.push(...probeProblems);
  const base = timeBase(value.timeScale);
  const raw =
    typeof resolved === 'object' && resolved !== null && 'objectives' in resolved ? resolved.objectives : undefined;
  // An objective cannot be bound to probes that were not understood.
  const { objectives, problems: objectiveProblems } =
    probeProblems.length === 0
      ? buildObjectives(value.objectives, probes, base, Array.isArray(raw))
      : { objectives: [], problems: [] };
  problems.push(...objectiveProblems);

  const declared = Object.keys(value.services);
  for (const [index, probe] of probes.entries()) {
    if (declared.length === 0 || declared.includes(probe.service)) continue;
    problems.push({
      path: `probes[${index}].service`,
      expected: `one of the services declared (${declared.join(', ')})`,
      found: JSON.stringify(probe.service),
    });
  }
  if (problems.length > 0) return refuse();

  return {
    ok: true,
    configuration: {
      source,
      folder,
      environment: value.environment,
      location: value.location,
      seed: value.seed,
      base,
      services: value.services,
      probes,
      objectives: objectives.map((objective) => {
        const service = value.services[objective.service];
        return service === undefined || objective.owners.length > 0
          ? objective
          : { ...objective, owners: service.owners, supporting: service.supporting };
      }),
      holdMs: value.cadence.hold / base.scale,
      loopToleranceMs: value.loopTolerance ?? null,
      listen: value.listen === false ? null : value.listen,
      ledgerPath: resolve(folder, value.store.ledger),
      influx: value.store.influx ?? null,
      gamedays: {
        environments: value.gamedays.environments,
        folder: resolve(folder, value.gamedays.folder),
        injectors: value.gamedays.injectors,
        scenarios: value.gamedays.scenarios,
      },
      reportsFolder: resolve(folder, value.reports.folder),
      redact,
    },
  };
}
