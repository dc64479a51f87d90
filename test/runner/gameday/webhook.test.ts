import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signedHeaders } from '../../../runner/alerts/signature.ts';
import { holdLock } from '../../../runner/gameday/lock.ts';
import { createGamedayReceiver } from '../../../runner/gameday/webhook.ts';

const NOW = Date.UTC(2026, 10, 23, 18, 15);
let folder = '';
let lock: AsyncDisposable;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'webhook-'));
  mkdirSync(join(folder, 'gd-1'));
  lock = await holdLock(join(folder, 'gd-1'));
});
afterEach(async () => {
  await lock[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const receive = () =>
  createGamedayReceiver({
    secrets: ['a-secret', 'the-one-before'],
    folder,
    clock: { wallMs: () => NOW },
    mask: (text) => text.replaceAll('a-secret', '${A_SECRET}'),
  });

function signed(document: unknown, { secret = 'a-secret', id = 'm-1', atMs = NOW } = {}) {
  const body = typeof document === 'string' ? document : JSON.stringify(document);
  return [signedHeaders(secret, id, atMs, body), Buffer.from(body)] as const;
}

const mark = { type: 'mark', what: 'diagnosed', by: 'ana', note: 'the feed lags' };
const requests = (): readonly unknown[] =>
  readFileSync(join(folder, 'gd-1', 'requests.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

test('a signed mark is written down for the game-day that is under way, once however often it is sent', async () => {
  const take = receive();
  expect(await take(...signed(mark))).toEqual({ status: 202, says: 'gd-1: taken' });
  expect(await take(...signed(mark))).toEqual({ status: 202, says: 'taken before' });
  expect(
    await take(...signed({ type: 'abort', by: 'ben', reason: 'real' }, { secret: 'the-one-before', id: 'm-2' })),
  ).toEqual({
    status: 202,
    says: 'gd-1: taken',
  });
  expect(requests()).toEqual([
    { ...mark, how: 'by webhook' },
    { type: 'abort', by: 'ben', reason: 'real' },
  ]);
});

test('a secret in what is said is masked before it is written down', async () => {
  const take = receive();
  await take(...signed({ ...mark, what: 'a-secret', note: 'signed with "a-secret"' }));
  await take(...signed({ type: 'abort', by: 'a-secret', reason: 'no a-secret' }, { id: 'm-2' }));
  expect(requests()).toEqual([
    { ...mark, what: '${A_SECRET}', note: 'signed with "${A_SECRET}"', how: 'by webhook' },
    { type: 'abort', by: '${A_SECRET}', reason: 'no ${A_SECRET}' },
  ]);
});

test.each([
  ['signed by somebody else', signed(mark, { secret: 'another' }), 403, 'webhook-signature does not fit'],
  ['changed on its way', [signed(mark)[0], Buffer.from('{}')] as const, 403, 'webhook-signature does not fit'],
  ['not signed', [{}, Buffer.from(JSON.stringify(mark))] as const, 403, 'webhook-signature does not fit'],
  ['kept for later', signed(mark, { atMs: NOW - 301_000 }), 403, 'webhook-timestamp is more than five minutes off'],
  [
    'that is none',
    signed('hello'),
    400,
    'expected {"type":"mark","what","by","note"?} or {"type":"abort","by","reason"}',
  ],
  [
    'of another game-day',
    signed({ ...mark, gameday: 'gd-2' }),
    409,
    'expected the id of a game-day that is under way: gd-1 is',
  ],
])('a message %s is refused', async (_, [headers, body], status, says) => {
  expect(await receive()(headers, body)).toEqual({ status, says });
});

test('where none is under way there is nothing to be marked', async () => {
  await lock[Symbol.asyncDispose]();
  expect(await receive()(...signed(mark))).toEqual({
    status: 409,
    says: 'expected the id of a game-day that is under way: none is',
  });
});
