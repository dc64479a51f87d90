import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../store/open.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { commandAt } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.999", window: 30d, sli: availability, probes: [status] }
`;

const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-exclude-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  await using _ = await openStore({ path: join(folder, 'pulsedrill.db'), objectives: [] });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const exclude = (...words: readonly string[]) => commandAt(new ManualClock(0, NOW), folder, 'exclude', ...words);
const WHO = ['--author', 'ana', '--approver', 'ben', '--reason', 'database upgrade'] as const;
const WINDOW = ['--from', '2026-11-24T14:00:00Z', '--for', '2h'] as const;

describe('exclude', () => {
  it('records a stretch ahead, and one afterwards as retroactive; a withdrawn one stays on record', async () => {
    const ahead = await exclude('add', '--service', 'client-api', ...WINDOW, ...WHO);
    expect(ahead.printed).toMatch(
      /^ex-20261124-[0-9a-f]{4}: 2026-11-24T14:00:00.000Z to 2026-11-24T16:00:00.000Z, of availability; figures are shown with and without it$/,
    );
    const past = ['--from', '2026-11-24T10:00:00Z', '--to', '2026-11-24T10:30:00Z'];
    const after = await exclude('add', '--objective', 'availability', ...past, ...WHO, '--json');
    const { exclusion } = JSON.parse(after.printed);
    expect(exclusion).toMatchObject({
      from: '2026-11-24T10:00:00.000Z',
      to: '2026-11-24T10:30:00.000Z',
      services: [],
      objectives: ['availability'],
      author: 'ana',
      approver: 'ben',
      reason: 'database upgrade',
      created: '2026-11-24T12:00:30.000Z',
      retroactive: true,
      withdrawn: null,
    });
    const withdrawn = await exclude('withdraw', exclusion.id, '--author', 'cyd', '--reason', 'it was an outage');
    expect(withdrawn).toMatchObject({ code: 0, printed: `${exclusion.id}: withdrawn` });
    const [head, first, second, ...rest] = (await exclude('list')).printed.split('\n');
    expect(head).toMatch(/^exclusion +of +from +to +by +approved by +recorded +state +why$/);
    expect(first).toMatch(
      /availability +2026-11-24T10:00Z +2026-11-24T10:30Z +ana +ben +2026-11-24T12:00Z, retroactive +withdrawn by cyd 2026-11-24T12:00Z: it was an outage +database upgrade$/,
    );
    expect(second).toMatch(/client-api +2026-11-24T14:00Z .* 2026-11-24T12:00Z +stands +database upgrade$/);
    expect(rest).toEqual([]);
    expect(JSON.parse((await exclude('list', '--json')).printed).exclusions).toHaveLength(2);
  });

  it.each([
    [['add', ...WINDOW, ...WHO], 'exclude: expected at least one --service or --objective, got none'],
    [
      ['add', '--service', 'client-apo', ...WINDOW, ...WHO],
      '--service: expected a service with objectives (did you mean "client-api"?), got "client-apo"',
    ],
    [
      ['add', '--objective', 'availabilty', ...WINDOW, ...WHO],
      '--objective: expected the id of one (did you mean "availability"?), got "availabilty"',
    ],
    [
      ['add', '--service', 'client-api', '--from', '2026-11-24', '--for', '2h', ...WHO],
      '--from: expected a time with its zone such as "2026-12-01T22:00:00Z", got "2026-11-24"',
    ],
    [
      ['add', '--service', 'client-api', '--from', '2026-11-24T14:00:00Z', ...WHO],
      'exclude: expected one of --to and --for, got none',
    ],
    [
      ['add', '--service', 'client-api', ...WINDOW, '--to', '2026-11-24T15:00:00Z', ...WHO],
      'exclude: expected one of --to and --for, got both',
    ],
    [
      ['add', '--service', 'client-api', '--from', '2026-11-24T14:00:00Z', '--to', '2026-11-24T13:00:00Z', ...WHO],
      '--to: expected a time after --from and at most 31d later, got "2026-11-24T13:00:00Z"',
    ],
    [
      ['add', '--service', 'client-api', '--from', '2026-11-24T14:00:00Z', '--for', '32d', ...WHO],
      '--for: expected a duration of at most 31d such as "2h", got "32d"',
    ],
    [
      ['add', '--service', 'client-api', '--from', '2026-11-24T14:00:10Z', '--for', '100s', ...WHO],
      'exclude add: expected --from and --to to cover a whole step (1 min) of availability, since one that is covered in part counts, got 2026-11-24T14:00:10.000Z to 2026-11-24T14:01:50.000Z; nothing was recorded; --from 2026-11-24T14:00:00.000Z --to 2026-11-24T14:02:00.000Z covers it',
    ],
    [
      ['add', '--service', 'client-api', ...WINDOW, '--author', 'ana', '--approver', 'Ana', '--reason', 'x'],
      '--approver: expected somebody other than the author, got "Ana"',
    ],
    [
      ['withdraw', 'ex-1', '--author', 'ana', '--reason', 'x'],
      'exclude: expected the id of one that is not withdrawn, got "ex-1"; "pulsedrill exclude list" shows them',
    ],
  ])('refuses %j', async (words, message) => {
    expect(await exclude(...words)).toEqual({ code: 2, printed: '', complained: message });
  });

  it('says that nothing is excluded', async () => {
    expect((await exclude('list')).printed).toBe('nothing is excluded');
  });
});
