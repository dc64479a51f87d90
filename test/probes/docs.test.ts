import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KINDS } from '../../probes/kinds.ts';
import { REASONS } from '../../probes/reasons.ts';

const text = readFileSync(new URL('../../docs/probes.md', import.meta.url), 'utf8');

it('every reason is explained in docs/probes.md', () => {
  const table = text.slice(text.indexOf('## Reasons'), text.indexOf('## http'));
  const explained = new Set(
    [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => cell.replaceAll('`', '').split(', ')),
  );
  expect([...explained].toSorted()).toEqual([...REASONS].toSorted());
});

it.each(Object.entries(KINDS))('every option of %s is named in docs/probes.md', (_kind, { schema }) => {
  for (const option of Object.keys(schema.shape)) expect(text).toContain(option);
});
