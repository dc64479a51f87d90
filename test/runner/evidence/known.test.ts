import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Configuration } from '../../../runner/config/configuration.ts';
import { openKnown } from '../../../runner/known.ts';
import { addedEvent } from '../../../store/exclusions.ts';
import { cli } from '../../support/cli.ts';
import { BEGAN, COLOURS, configurationIn, ENDED, fill, lateRuns, MINUTE, newFolder, runs } from './filled.ts';

let folder = '';
let configuration: Configuration;
beforeAll(async () => {
  ({ folder, configuration } = await newFolder());
  // A game-day's journal that goes on after the moment that is asked about.
  mkdirSync(join(folder, 'gamedays'), { recursive: true });
  await fill(configuration, ENDED + MINUTE, runs(), COLOURS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RANGE = ['--from', new Date(BEGAN).toISOString(), '--to', new Date(ENDED).toISOString()];

async function report(
  out: string,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<ReadonlyMap<string, string>> {
  const ended = await cli(['report', 'sla', ...RANGE, '--out', out, ...words], { folder, env });
  expect(ended).toMatchObject({ code: 0, stderr: '', stdout: `${join(folder, out, 'sla.md')}\n` });
  const names = readdirSync(join(folder, out)).toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(folder, out, name), 'utf8')]));
}

describe('report sla --as-of', () => {
  test('writes the same bytes on another machine, and after late results and a new target', async () => {
    const first = await report('first', [], { TZ: 'Pacific/Auckland', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' });
    const page = first.get('sla.md') ?? '';
    const asOf = new Date(ENDED + MINUTE).toISOString();
    expect(page).toContain(`As known at ${asOf}; what was recorded later is not in it.`);
    expect(page).toContain('`status` timeout (2 bad events of 2 runs, standing for 30 s)');
    expect([...first.keys()].filter((name) => name.endsWith('.svg')).length).toBeGreaterThan(1);

    const lateMs = ENDED + 3 * 24 * 60 * MINUTE;
    const late = COLOURS.map((event) => ({ ...event, id: 'colour/late' }));
    writeFileSync(
      join(folder, 'pulsedrill.config.yaml'),
      readFileSync(join(folder, 'pulsedrill.config.yaml'), 'utf8')
        .replace('"0.995"', '"0.9"')
        .replace('250ms', '100ms'),
    );
    await fill(await configurationIn(folder), lateMs, lateRuns(), late);

    const again = await report('again', ['--as-of', asOf], { TZ: 'America/Lima', LANG: 'C' });
    expect(again).toEqual(first);

    const now = await report('now', []);
    expect(now.get('sla.md')).toContain('`status` connect-refused (5 bad events of 5 runs, standing for 1 min 15 s)');
    const before = await report('before', ['--as-of', new Date(lateMs - 1).toISOString()]);
    expect(before.get('sla.md')).not.toContain('connect');
  });

  test('asks for a time that has been', async () => {
    const ended = await cli(['report', 'sla', '--as-of', '2999-01-01T00:00:00Z'], { folder });
    expect(ended).toMatchObject({
      code: 2,
      stderr: 'report sla: expected --as-of not to be ahead, got a time to come\n',
    });
  });
});

test('an exclusion that was recorded a moment ago is named, because it is too young to be in the report', async () => {
  const recordedMs = ENDED + 9 * 24 * 60 * MINUTE;
  const exclusion = {
    id: 'ex-1',
    fromMs: BEGAN,
    toMs: BEGAN + MINUTE,
    services: ['client-api'],
    objectives: [],
    author: 'ana',
    approver: 'ben',
    reason: 'database upgrade',
    createdMs: recordedMs,
    withdrawn: null,
  };
  const own = await newFolder();
  await fill(own.configuration, ENDED + MINUTE, runs(), COLOURS);
  await fill(own.configuration, recordedMs, [], [addedEvent(exclusion)]);
  const said = async (afterMs: number, asOfMs: number | null): Promise<[number, string | null]> => {
    await using known = await openKnown(own.configuration, { asOfMs, toMs: ENDED, nowMs: recordedMs + afterMs });
    return [known.asOfMs, known.tooYoung];
  };
  expect(await said(10_000, null)).toEqual([
    recordedMs - 1,
    'recorded just now and not in it yet: exclusion ex-1; 10 s after it was recorded the same command has it',
  ]);
  expect(await said(10_001, null)).toEqual([recordedMs, null]);
  expect(await said(5, recordedMs - 1)).toEqual([recordedMs - 1, null]);
  rmSync(own.folder, { recursive: true, force: true });
});
