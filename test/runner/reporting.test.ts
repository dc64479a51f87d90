/** Where the record of a game-day is written, and from what. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkDocument } from '../../runner/config/load.ts';
import { writeGamedayReport } from '../../runner/reporting.ts';

const ID = 'gd-20261128-190346-feed-latency';
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reporting-'));
  cpSync(join(import.meta.dirname, '../fixtures/gamedays'), join(folder, 'gamedays'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function configured(gamedays: Record<string, unknown> = {}) {
  const probes = [{ id: 'status', kind: 'http', service: 'market-data', url: 'http://127.0.0.1:1/' }];
  const loaded = checkDocument({ probes, objectives: [], gamedays }, 'inline', folder, {});
  if (!loaded.ok) throw new Error(loaded.lines.join('; '));
  return loaded.configuration;
}

const journalPath = (): string => join(folder, 'gamedays', ID, 'journal.ndjson');
const noLedger = () => Promise.resolve(null);

test('the record stands beside its journal, and a copy where the configuration wants one', async () => {
  const beside = join(folder, 'gamedays', ID, `gameday-${ID}.md`);
  const alone = await writeGamedayReport({
    configuration: configured(),
    journalPath: journalPath(),
    ledger: noLedger,
  });
  expect(alone).toEqual([beside]);
  const configuration = configured({ reports: 'reports/resilience' });
  const both = await writeGamedayReport({ configuration, journalPath: journalPath(), ledger: noLedger });
  const copy = join(folder, 'reports/resilience', `gameday-${ID}.md`);
  expect(both).toEqual([beside, copy]);
  expect(readFileSync(copy, 'utf8')).toBe(readFileSync(beside, 'utf8'));
  const chart = `gameday-${ID}-timeline.svg`;
  expect(readFileSync(join(folder, 'reports/resilience', chart), 'utf8')).toContain('<svg');
});

test('a folder that is asked for is the only one', async () => {
  const configuration = configured({ reports: 'reports/resilience' });
  const out = join(folder, 'elsewhere');
  const request = { configuration, journalPath: journalPath(), ledger: noLedger, folder: out };
  expect(await writeGamedayReport(request)).toEqual([join(out, `gameday-${ID}.md`)]);
});
