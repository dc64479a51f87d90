import { createRequire } from 'node:module';
import type * as Draft07 from 'ajv';
import type { Ajv, Options, ValidateFunction } from 'ajv';
import type * as Draft2020 from 'ajv/dist/2020.js';
import { z } from 'zod';

export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** Unknown keywords are slips of the pen, formats are notes (as the standard has it), and nothing is logged. */
const OPTIONS: Options = {
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  validateFormats: false,
  // The same schema, in two probes, is no collision.
  addUsedSchema: false,
  verbose: true,
  logger: false,
};

const load = createRequire(import.meta.url);
const validators = new Map<'draft-07' | '2020-12', Ajv>();

/** Loaded with the first schema: every command reads its configuration, and most have none. */
function validatorOf(draft: 'draft-07' | '2020-12'): Ajv {
  const made = validators.get(draft) ?? newValidator(draft);
  validators.set(draft, made);
  return made;
}

function newValidator(draft: 'draft-07' | '2020-12'): Ajv {
  if (draft === 'draft-07') {
    const ajv: typeof Draft07 = load('ajv');
    return new ajv.Ajv(OPTIONS);
  }
  const ajv2020: typeof Draft2020 = load('ajv/dist/2020.js');
  return new ajv2020.Ajv2020(OPTIONS);
}

/** Draft 2020-12, unless it says that it is written in draft-07. Nothing is fetched: a reference must be inside. */
function compile(schema: JsonSchema): ValidateFunction {
  const draft = typeof schema === 'object' ? schema['$schema'] : undefined;
  const isOld = typeof draft === 'string' && draft.includes('draft-07');
  return validatorOf(isOld ? 'draft-07' : '2020-12').compile(schema);
}

function problemOf(value: unknown): string | null {
  if (!isSchema(value)) return 'true, false or a group of keywords';
  try {
    compile(value);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null && !Array.isArray(value));
}

export function compiledSchema() {
  return z
    .custom<JsonSchema>((value) => problemOf(value) === null, {
      error: (issue) => `a JSON Schema (${problemOf(issue.input) ?? 'unreadable'})`,
    })
    .transform(compile);
}

/** Where a document first breaks its schema, and how; null when it does not. */
export function breach(
  validate: ValidateFunction,
  document: unknown,
): { readonly at: string; readonly must: string; readonly got: unknown } | null {
  if (validate(document)) return null;
  const [first] = validate.errors ?? [];
  return { at: first?.instancePath || 'the top', must: first?.message ?? 'must fit', got: first?.data };
}
