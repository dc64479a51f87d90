import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../store/open.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { command } from './support.ts';

const DAY = 86_400_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-duties-'));
  const probe = { id: 'shop', kind: 'http', service: 'shop', url: 'http://127.0.0.1:1' };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify({ probes: [probe], objectives: [] }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (duty: 'game-day' | 'postmortem', id: string, openedMs: number): LedgerEvent => ({
  id,
  atMs: openedMs,
  kind: 'obligation',
  service: 'shop',
  subject: id,
  body: { duty, state: 'open', objective: 'availability', dueMs: openedMs + 14 * DAY, days: 14, who: ['Shop team'] },
});

async function remember(...events: readonly LedgerEvent[]): Promise<void> {
  await using store = await openStore({ path: join(folder, 'pulsedrill.db'), objectives: [], stepMs: 60_000 });
  await store.recordEvents(events);
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

describe('gameday due', () => {
  it('says that nothing is owed', async () => {
    await remember();
    expect(await command(folder, 'gameday', 'due')).toEqual({ code: 0, printed: 'nothing is owed', complained: '' });
  });

  it('lists what is owed with due dates, and fails once something is overdue', async () => {
    const nowMs = Date.now();
    await remember(open('game-day', 'ob-1', nowMs - DAY), open('postmortem', 'pm-1', nowMs - DAY));
    const { code, printed } = await command(folder, 'gameday', 'due');
    expect(code).toBe(0);
    expect(printed.split('\n').slice(-2)).toEqual([
      expect.stringMatching(
        new RegExp(`^ob-1 +game-day +shop +availability +${day(nowMs + 13 * DAY)} +open +Shop team`),
      ),
      expect.stringMatching(new RegExp(`^pm-1 +postmortem review +shop .*open`)),
    ]);
    await remember(open('game-day', 'ob-0', nowMs - 20 * DAY));
    const overdue = await command(folder, 'gameday', 'due', '--json');
    expect(overdue.code).toBe(1);
    expect(JSON.parse(overdue.printed)).toMatchObject({
      obligations: [
        { id: 'ob-0', duty: 'game-day', state: 'overdue', scheduled: null, met: null },
        { id: 'ob-1', state: 'open' },
        { id: 'pm-1', state: 'open' },
      ],
    });
  });

  it('shows with --all what met the others', async () => {
    const nowMs = Date.now();
    const met = { duty: 'game-day', state: 'met', gameday: 'gd-7' };
    await remember(open('game-day', 'ob-1', nowMs - 2 * DAY), {
      id: 'ob-1/met',
      atMs: nowMs - DAY,
      kind: 'obligation',
      service: 'shop',
      subject: 'ob-1',
      body: met,
    });
    expect((await command(folder, 'gameday', 'due')).printed).toBe('nothing is owed');
    expect((await command(folder, 'gameday', 'due', '--all')).printed).toContain('met by gd-7');
  });
});

describe('gameday schedule', () => {
  it('records when and who, and says it again when it is moved', async () => {
    const nowMs = Date.now();
    await remember(open('game-day', 'ob-1', nowMs - DAY));
    const at = `${day(nowMs + 3 * DAY)}T14:00Z`;
    expect(await command(folder, 'gameday', 'schedule', 'ob-1', '--at', at, '--by', 'Ada')).toEqual({
      code: 0,
      printed: `ob-1: scheduled for ${at} by Ada`,
      complained: '',
    });
    const late = `${day(nowMs + 30 * DAY)}T14:00Z`;
    const moved = await command(folder, 'gameday', 'schedule', 'ob-1', '--at', late, '--by', 'Grace');
    expect(moved.printed).toBe(`ob-1: scheduled for ${late} by Grace`);
    expect(moved.complained).toMatch(/^ob-1: that is after it is due, \S+Z$/);
    expect((await command(folder, 'gameday', 'due')).printed).toContain(`scheduled for ${late} by Grace`);
  });

  const FORM = 'expected a date and time with its zone such as "2026-11-11T14:00Z" or "2026-11-11T14:00+01:00"';
  it.each<[what: string, words: readonly string[], complaint: string]>([
    ['no time', ['ob-1', '--by', 'Ada'], `gameday schedule: --at: ${FORM}, got nothing`],
    [
      'a time without its zone',
      ['ob-1', '--by', 'Ada', '--at', '2199-01-01T10:00'],
      `gameday schedule: --at: ${FORM}, got "2199-01-01T10:00"`,
    ],
    [
      'a time that is past',
      ['ob-1', '--by', 'Ada', '--at', '2020-01-01T10:00Z'],
      'gameday schedule: --at: expected a time to come, got 2020-01-01T10:00Z',
    ],
    [
      'nobody',
      ['ob-1', '--at', '2199-01-01T10:00Z'],
      'gameday schedule: expected --by NAME, so that it can be recorded, got nothing',
    ],
    [
      'an obligation that there is not',
      ['ob-2', '--by', 'Ada', '--at', '2199-01-01T10:00Z'],
      'obligation: expected one of ob-1 (did you mean "ob-1"?), got "ob-2"',
    ],
  ])('refuses %s', async (_what, words, complaint) => {
    await remember(open('game-day', 'ob-1', Date.now() - DAY));
    expect(await command(folder, 'gameday', 'schedule', ...words)).toEqual({
      code: 2,
      printed: '',
      complained: complaint,
    });
  });
});

describe('gameday held', () => {
  it('meets a postmortem review with its record', async () => {
    await remember(open('postmortem', 'pm-1', Date.now() - DAY));
    const words = ['held', 'pm-1', '--by', 'Ada', '--record', 'https://wiki.example/pm-1'];
    expect(await command(folder, 'gameday', ...words)).toEqual({
      code: 0,
      printed: 'pm-1: met: https://wiki.example/pm-1 (Ada)',
      complained: '',
    });
    const again = await command(folder, 'gameday', ...words);
    expect(again.code).toBe(2);
    expect(again.complained).toBe(
      'obligation: expected an obligation, of which none is open, got "pm-1", which is met: https://wiki.example/pm-1 (Ada)',
    );
  });

  it('does not meet a game-day: only a run that passes does', async () => {
    await remember(open('game-day', 'ob-1', Date.now() - DAY));
    const { code, complained } = await command(folder, 'gameday', 'held', 'ob-1', '--by', 'Ada', '--record', 'x');
    expect(code).toBe(2);
    expect(complained).toBe(
      'gameday held: expected a postmortem review, got ob-1, a game-day, which is met by a run that passes: pulsedrill gameday run',
    );
  });
});
