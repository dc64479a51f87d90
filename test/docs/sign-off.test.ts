import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DOMAINS, TRADEPULSE_ROWS } from '../../slo/tradepulse-rows.ts';

const SLO = readFileSync(join(import.meta.dirname, '../../docs/slo.md'), 'utf8');

/** The rows of the table under a heading, by their id. */
function tableUnder(heading: string): ReadonlyMap<string, readonly string[]> {
  const section = SLO.slice(SLO.indexOf(heading) + heading.length).split(/\n##+ /)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    rows.map((line) => {
      const cells = line
        .split(' | ')
        .map((cell) => cell.replaceAll(/^\| | \|$/g, ''))
        .map((cell) => cell.trim());
      return [(cells[0] ?? '').replaceAll('`', ''), cells.slice(1)];
    }),
  );
}

describe('the table that domain owners sign', () => {
  const table = tableUnder('### To be signed');

  it('has every row, in the playbook’s order', () => {
    expect([...table.keys()]).toEqual(TRADEPULSE_ROWS.map(({ id }) => id));
  });

  it.each(TRADEPULSE_ROWS.map((row) => [row.id, row] as const))(
    'names of %s its owner and, marked, what is assumed',
    (id, row) => {
      const [, , assumed = '', owner = ''] = table.get(id) ?? [];
      expect(owner).toBe(DOMAINS[row.service]?.owners.join(', '));
      expect(assumed.startsWith('†')).toBe(row.assumptions.length > 0);
    },
  );

  it('stands below the targets that the rows have', () => {
    const targets = tableUnder('# What was promised');
    expect(TRADEPULSE_ROWS.map(({ id }) => targets.get(id)?.[1]?.replace(' †', ''))).toEqual(
      TRADEPULSE_ROWS.map(({ target }) => target),
    );
  });
});
