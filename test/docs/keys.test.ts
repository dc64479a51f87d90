import { describe, expect, it } from 'vitest';
import { KINDS } from '../../probes/kinds.ts';
import { REASONS } from '../../probes/reasons.ts';
import { documentSchema } from '../../runner/config/schema.ts';
import { read, section } from './markdown.ts';

/** Every key that a schema knows, at any depth. */
function keysOf(schema: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof schema !== 'object' || schema === null || !('def' in schema)) return found;
  const def = schema.def;
  if (typeof def !== 'object' || def === null) return found;
  if ('shape' in def && typeof def.shape === 'object' && def.shape !== null) {
    for (const [key, value] of Object.entries(def.shape)) {
      found.add(key);
      keysOf(value, found);
    }
  }
  if ('options' in def && Array.isArray(def.options)) for (const option of def.options) keysOf(option, found);
  for (const part of ['element', 'valueType', 'innerType', 'in'] as const) keysOf(Reflect.get(def, part), found);
  return found;
}

/** Named in code, alone or in a path such as `cadence.hold`. */
function isNamed(text: string, key: string): boolean {
  return [...text.matchAll(/`([^`\n]+)`/g)].some(([, code = '']) => code.split(/[^\w]+/).includes(key));
}

const configuration = read('docs/configuration.md');

describe('docs/configuration.md', () => {
  it('names every key of the document', () => {
    const keys = [...keysOf(documentSchema)];
    expect(keys).toContain('brokerSlaMs');
    expect(keys.filter((key) => !isNamed(configuration, key))).toEqual([]);
  });

  it.each(Object.entries(KINDS))('names every key of a probe of kind %s', (_kind, { schema }) => {
    const probes = section(configuration, 'Probes') ?? '';
    expect([...keysOf(schema)].filter((key) => !isNamed(probes, key))).toEqual([]);
  });
});

describe('docs/probes.md', () => {
  const probes = read('docs/probes.md');

  it.each(REASONS)('says when a run is %s', (reason) => {
    expect(section(probes, 'Reasons')).toContain(`\`${reason}\``);
  });

  it.each(Object.keys(KINDS))('has a section for %s', (kind) => {
    expect(section(probes, kind)).not.toBeNull();
  });
});
