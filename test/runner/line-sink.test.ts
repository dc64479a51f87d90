import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { passIntoFile, passOn } from '../../runner/line-sink.ts';

const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-sink-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const LINE = `${'x'.repeat(999)}\n`;

async function* linesOf(count: number, made: { count: number } = { count: 0 }): AsyncIterable<string> {
  for (; made.count < count; made.count += 1) yield LINE;
}

describe('long output', () => {
  test('is made no faster than it is taken', async () => {
    const made = { count: 0 };
    const ahead: number[] = [];
    let taken = 0;
    const passed = await passOn(
      linesOf(1000, made),
      async (text) => {
        taken += text.length / LINE.length;
        await new Promise((next) => setImmediate(next));
        ahead.push(made.count - taken);
        return true;
      },
      never,
    );
    expect(passed).toEqual({ lines: 1000, isCut: false });
    expect(taken).toBe(1000);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(1);
  });

  test('ends with its reader', async () => {
    const made = { count: 0 };
    const passed = await passOn(linesOf(1000, made), () => Promise.resolve(false), never);
    expect(passed).toEqual({ lines: 66, isCut: true });
    expect(made.count).toBeLessThan(70);
  });

  test('of nothing writes nothing', async () => {
    const passed = await passOn(linesOf(0), () => Promise.reject(new Error('asked')), never);
    expect(passed).toEqual({ lines: 0, isCut: false });
  });
});

describe('a file', () => {
  test('appears whole, over what stood there', async () => {
    const path = join(folder, 'whole');
    writeFileSync(path, 'earlier');
    expect(await passIntoFile(linesOf(200), path, never)).toBe(200);
    expect(readFileSync(path, 'utf8')).toBe(LINE.repeat(200));
    expect(readdirSync(folder)).toEqual(['whole']);
  });

  test('stays as it was, and no draft beside it, when its making is stopped or fails', async () => {
    const path = join(folder, 'whole');
    writeFileSync(path, 'earlier');
    const stop = new AbortController();
    async function* stopped(): AsyncIterable<string> {
      yield* linesOf(200);
      stop.abort('SIGINT');
      yield LINE;
    }
    await expect(passIntoFile(stopped(), path, stop.signal)).rejects.toBe('SIGINT');
    async function* failing(): AsyncIterable<string> {
      yield* linesOf(200);
      throw new Error('the ledger is gone');
    }
    await expect(passIntoFile(failing(), path, never)).rejects.toThrow('the ledger is gone');
    expect(readFileSync(path, 'utf8')).toBe('earlier');
    expect(readdirSync(folder)).toEqual(['whole']);
  });
});
