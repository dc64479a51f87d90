/** What a configuration or a scenario in TypeScript imports: `import { defineConfig, env } from 'pulsedrill'`. */
import type { ProbeInput } from '../probes/kinds.ts';
import type { DocumentInput } from './config/schema.ts';

export { journey, type Journey, type JourneyContext } from '../probes/browser/journey.ts';
export type { Sign, Signature, Unsigned } from '../probes/http/sign.ts';
export type { ProbeInput } from '../probes/kinds.ts';
export { defineScenario, type ScenarioDefinition } from '../scenarios/scenario.ts';
export { env } from './config/secrets.ts';

/** The whole configuration, as docs/configuration.md describes it. */
export type ConfigInput = DocumentInput & { probes: ProbeInput[] };

/** `export default defineConfig({ … })`. Gives the document its types; it is validated when it is loaded. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
