import { describe, expect, it } from 'vitest';
import { indexOf } from '../../runner/report-index.ts';

describe('the index of a folder of reports', () => {
  it('lists its reviews newest first with their forms, then whatever other documents are there', () => {
    const names = [
      'weekly-2026-11-16.md',
      'weekly-2026-11-23.md',
      'weekly-2026-11-23.html',
      'monthly-2026-11-23.md',
      'monthly-2026-11-23.pdf',
      'weekly-2026-11-23-slo-api.svg',
      'sla.md',
      'index.md',
      '.report-x',
      '<img>.md',
    ];
    expect(indexOf(names).split('\n')).toEqual([
      '# Reports',
      '',
      '| Up to | Document | Forms |',
      '| --- | --- | --- |',
      '| 2026-11-23 | Monthly review of definitions and thresholds | [monthly-2026-11-23.md](monthly-2026-11-23.md), [monthly-2026-11-23.pdf](monthly-2026-11-23.pdf) |',
      '| 2026-11-23 | Weekly error-budget review | [weekly-2026-11-23.md](weekly-2026-11-23.md), [weekly-2026-11-23.html](weekly-2026-11-23.html) |',
      '| 2026-11-16 | Weekly error-budget review | [weekly-2026-11-16.md](weekly-2026-11-16.md) |',
      '',
      '## Other documents',
      '',
      '- [sla.md](sla.md)',
      '',
    ]);
    expect(indexOf([])).toBe('# Reports\n\nNo review has been written yet.\n');
  });
});
