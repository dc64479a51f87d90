import type { Configuration, PlannedProbe } from '../../runner/config/configuration.ts';
import { checkDocument } from '../../runner/config/load.ts';

/** A checked configuration from a document as its user writes it. @throws Error with every problem */
export function configured(
  document: Readonly<Record<string, unknown>>,
  folder = '/nowhere',
  environment: Readonly<Record<string, string>> = {},
): Configuration {
  const loaded = checkDocument({ objectives: [], ...document }, 'inline', folder, environment);
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  return loaded.configuration;
}

const HTTP = { id: 'status', kind: 'http', service: 'api', url: 'http://127.0.0.1:1/' };

/** One probe as the runner plans it; an http probe unless `part` names another kind. */
export function plannedProbe(part: Readonly<Record<string, unknown>> = {}): PlannedProbe {
  const probe = 'kind' in part ? part : { ...HTTP, ...part };
  const [planned] = configured({ probes: [probe] }).probes;
  if (planned === undefined) throw new Error('no probe');
  return planned;
}
