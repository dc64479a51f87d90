/** Journals of earlier versions are records: they must be read for as long as anybody may ask. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderGameday } from '../../reports/gameday.ts';
import { readJournal } from '../../runner/gameday/journal.ts';
import { flawsOf } from './well-formed.ts';

/** Written by the version of 24 November 2026 (8aeb8aa): no charter, no people, no alerts, no invariants, no measurements, no budget. */
const OLDER = join(import.meta.dirname, '../fixtures/gamedays/gd-20261128-190346-feed-latency/journal.ndjson');

test('a journal of the first version is told in full, and drawn as far as it goes', async () => {
  const { entries, tornLines } = await readJournal(OLDER);
  expect(tornLines).toEqual([]);
  expect(entries.find((entry) => entry.type === 'started')).not.toHaveProperty('charter');
  const newer = ['alerts', 'alerts-elsewhere', 'invariant', 'measured', 'budget', 'before'];
  expect(entries.filter(({ type }) => newer.includes(type))).toEqual([]);
  const rendered = renderGameday({ journal: entries });
  expect(flawsOf(rendered)).toEqual([]);
  const { markdown, files } = rendered;
  await expect(markdown).toMatchFileSnapshot('../golden/gameday-older.md');
  const [chart] = files;
  for (const words of ['fault injected', 'fault slow-feed on feed', 'data is never long silent', 'no measurements']) {
    expect(chart?.content).toContain(`>${words}</text>`);
  }
});
