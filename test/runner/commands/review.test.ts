import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { itemEvent, itemId, type ReviewType } from '../../../runner/reviews/item.ts';
import { openStore } from '../../../store/open.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { command } from './support.ts';

const AT = Date.UTC(2026, 10, 24, 10);
const DAY = 86_400_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-review-'));
  const probe = { id: 'shop', kind: 'http', service: 'shop', url: 'http://127.0.0.1:1' };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify({ probes: [probe], objectives: [] }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const part = (
  type: ReviewType,
  objective: string,
  atMs: number,
  state: 'open' | 'instead' | 'day' | 'over',
  body: LedgerEvent['body'],
): LedgerEvent => itemEvent(itemId(type, objective, atMs), { type, objective, service: 'shop', state, body }, atMs);

async function remember(...events: readonly LedgerEvent[]): Promise<void> {
  await using store = await openStore({ path: join(folder, 'pulsedrill.db'), objectives: [], stepMs: 60_000 });
  await store.recordEvents(events);
}

const thin = (objective: string, atMs: number): LedgerEvent =>
  part('thin-data', objective, atMs, 'open', { why: '60 valid events in its window of 1h, fewer than 1,000' });

describe('review list', () => {
  it('says that there is nothing', async () => {
    await remember();
    expect(await command(folder, 'review', 'list')).toEqual({
      code: 0,
      printed: 'nothing is to be reviewed',
      complained: '',
    });
  });

  it('shows what is open, with the counts of its day, what a person decides, and when a regression was over', async () => {
    await remember(
      thin('fills', AT),
      part('thin-data', 'fills', AT, 'instead', { why: 'Red on 60 valid events', what: ['freeze of deploys'] }),
      part('thin-data', 'fills', AT, 'day', {
        judged: 841,
        flagged: 800,
        stretches: [[AT, AT + 60_000]],
        allStretches: 2,
      }),
      part('burn-review', 'fills', AT, 'open', { why: 'worse' }),
      part('burn-review', 'fills', AT, 'over', {}),
    );
    const { printed } = await command(folder, 'review', 'list');
    expect(printed.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['item', 'day', 'what', 'service', 'why', 'state'],
      [
        'ri-20261124-fills',
        '2026-11-24',
        'thin data',
        'shop',
        '60 valid events in its window of 1h, fewer than 1,000; 800 of 841 windows, in 2 stretches; Red on 60 valid events (freeze of deploys)',
        'open',
      ],
      [
        'br-20261124-fills',
        '2026-11-24',
        'error-budget burn review',
        'shop',
        'worse',
        'open; over since 2026-11-24T10:00Z',
      ],
    ]);
    const { items } = JSON.parse((await command(folder, 'review', 'list', '--json')).printed);
    expect(items).toMatchObject([
      {
        id: 'ri-20261124-fills',
        type: 'thin-data',
        opened: '2026-11-24T10:00:00.000Z',
        windows: { flagged: 800, stretches: [['2026-11-24T10:00:00.000Z', '2026-11-24T10:01:00.000Z']] },
        closed: null,
      },
      { id: 'br-20261124-fills', over: '2026-11-24T10:00:00.000Z' },
    ]);
  });
});

describe('review close', () => {
  const close = (...words: string[]) => command(folder, 'review', 'close', ...words);
  const word = ['--by', 'Ada', '--note', 'as agreed'];

  it('closes items by id, for good', async () => {
    await remember(thin('fills', AT), thin('acks', AT));
    expect(await close('ri-20261124-fills', ...word)).toEqual({
      code: 0,
      printed: 'ri-20261124-fills: closed by Ada',
      complained: '',
    });
    expect((await command(folder, 'review', 'list')).printed).not.toContain('fills');
    expect((await command(folder, 'review', 'list', '--all')).printed).toContain('closed by Ada: as agreed');
    const again = await close('ri-20261124-fills', ...word);
    expect([again.code, again.complained]).toEqual([
      2,
      'review close: expected the id of an open item, got "ri-20261124-fills"; "pulsedrill review list" shows them',
    ]);
  });

  it('closes all of an objective up to a day', async () => {
    await remember(thin('fills', AT), thin('fills', AT + DAY), thin('fills', AT + 2 * DAY), thin('acks', AT));
    const { printed } = await close('--objective', 'fills', '--until', '2026-11-25', ...word, '--json');
    expect(JSON.parse(printed)).toEqual({ closed: ['ri-20261124-fills', 'ri-20261125-fills'] });
    expect(JSON.parse((await close('--until', '2026-11-30', ...word, '--json')).printed).closed).toHaveLength(2);
  });

  it.each([
    [['ri-1', '--note', 'x'], 'review close: expected --by NAME, so that it can be recorded, got nothing'],
    [['ri-1', '--by', 'Ada'], 'review close: expected --note TEXT, so that it can be recorded, got nothing'],
    [word, 'review close: expected ids, --objective or --until, got none'],
    [['ri-1', '--until', '2026-11-24', ...word], 'review close: expected ids, or --objective and --until, got both'],
    [['--until', 'now', ...word], 'review close: --until: expected a day such as "2026-11-24", got "now"'],
    [
      ['--objective', 'fill', ...word],
      'review close: expected open items (open ones are of fills) (did you mean "fills"?), got none',
    ],
  ])('refuses %j', async (words, message) => {
    await remember(thin('fills', AT));
    expect(await close(...words)).toMatchObject({ code: 2, complained: message });
  });
});
