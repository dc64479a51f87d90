import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerError } from '../../store/ledger-error.ts';
import { openStore } from '../../store/open.ts';
import { createSpill, type Spill, type Taken } from '../../store/spill.ts';
import type { Result } from '../../store/result.ts';
import { AVAILABILITY, T0, aResult, collect } from '../support/results.ts';

let folder = '';
let place = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-spill-test-'));
  place = join(folder, 'deep', 'spill');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const spillOf = (identity: string, instance = 'a'): Spill =>
  createSpill({ folder: place, identity, instance, uid: null });
const results = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => aResult(from + n));
const open = () => openStore({ path: join(folder, 'ledger.db'), objectives: [AVAILABILITY], stepMs: 60_000 });
const ALL = { fromMs: 0, toMs: T0 * 2 };

async function takeAll(spill: Spill, append: (found: readonly Result[]) => Promise<void>): Promise<readonly Taken[]> {
  return collect(spill.takeIn(append));
}

describe('a spill', () => {
  it('keeps results until the ledger takes them, exactly once, and then removes its files', async () => {
    await using store = await open();
    const spill = spillOf(store.identity);
    const first = await spill.write(results(0, 1200));
    const second = await spill.write(results(1200, 1203));
    expect([first, second]).toEqual([1, 2].map((n) => join(place, `${store.identity}-a-${n}.ndjson`)));
    expect(statSync(first).mode & 0o777).toBe(0o600);
    // Killed after some of it was taken in, and before the file was removed.
    await store.append(results(100, 700));
    expect(await takeAll(spillOf(store.identity, 'b'), (found) => store.append(found))).toEqual([
      { path: first, results: 1200, isTorn: false, unread: 0 },
      { path: second, results: 3, isTorn: false, unread: 0 },
    ]);
    expect(readdirSync(place)).toEqual([]);
    expect(await collect(store.results(ALL))).toEqual(results(0, 1203));
    expect(await store.tallies({ objective: AVAILABILITY.id, ...ALL, groupMs: T0 * 2 })).toMatchObject([
      { good: 1203 },
    ]);
  });

  it('tolerates a last line that its writer did not finish, and says so', async () => {
    const spill = spillOf('x', 'dead');
    const path = await spill.write(results(0, 2));
    appendFileSync(path, JSON.stringify(aResult(2)).slice(0, 100));
    // It was killed before the file had its final name.
    renameSync(path, `${path}.part`);
    const taken: unknown[] = [];
    expect(await takeAll(spillOf('x', 'next'), async (found) => void taken.push(...found))).toEqual([
      { path: `${path}.part`, results: 2, isTorn: true, unread: 0 },
    ]);
    expect(taken).toEqual(results(0, 2));
    expect(readdirSync(place)).toEqual([]);
  });

  it('keeps a file with lines that it cannot read, or that the ledger will never take, under another name', async () => {
    const spill = spillOf('x');
    const path = await spill.write([aResult(0), aResult(1, { outcome: 'bad' })]);
    appendFileSync(path, `not a result\n{"runId":1}\n${JSON.stringify(aResult(2))}\n`);
    const taken: unknown[] = [];
    const append = async (found: readonly Result[]): Promise<void> => {
      if (JSON.stringify(found).includes('"bad"')) throw new TypeError('cannot be stored');
      taken.push(...found);
    };
    expect(await takeAll(spill, append)).toEqual([{ path, results: 2, isTorn: false, unread: 3 }]);
    expect(taken).toEqual([aResult(0), aResult(2)]);
    expect(readdirSync(place)).toEqual(['x-a-1.ndjson.damaged']);
    expect(await takeAll(spill, append)).toEqual([]);
  });

  it('keeps everything while the ledger refuses', async () => {
    const spill = spillOf('x');
    await spill.write(results(0, 3));
    const full = new LedgerError('full', 'a.db', 'the disk is full', 'free some space');
    await expect(takeAll(spill, () => Promise.reject(full))).rejects.toBe(full);
    expect(readdirSync(place)).toEqual(['x-a-1.ndjson']);
  });

  it('gives a ledger nothing of another one, even of one that stood at the same path', async () => {
    let spill: Spill;
    {
      await using store = await open();
      spill = spillOf(store.identity);
      await spill.write(results(0, 1));
    }
    rmSync(join(folder, 'ledger.db'));
    await using store = await open();
    expect(await takeAll(spillOf(store.identity), (found) => store.append(found))).toEqual([]);
    expect(readdirSync(place)).toHaveLength(1);
  });

  it('has nothing to give where there is no folder, and says what the system says where none can be made', async () => {
    expect(await takeAll(spillOf('x'), () => Promise.resolve())).toEqual([]);
    writeFileSync(join(folder, 'deep'), '');
    await expect(spillOf('x').write(results(0, 1))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('neither writes into nor reads from a folder of another user', async () => {
    mkdirSync(place, { recursive: true });
    const foreign = createSpill({ folder: place, identity: 'x', instance: 'a', uid: statSync(place).uid + 1 });
    await expect(foreign.write(results(0, 1))).rejects.toMatchObject({ code: 'EPERM' });
    await spillOf('x').write(results(0, 1));
    await expect(takeAll(foreign, () => Promise.resolve())).rejects.toMatchObject({ code: 'EPERM' });
  });
});
