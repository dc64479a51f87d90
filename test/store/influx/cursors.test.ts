import { describe, expect, test } from 'vitest';
import { Cursors } from '../../../store/influx/cursors.ts';

/** A ledger that notes when it is let. */
function slowLedger() {
  const asked: { name: string; position: number; note: PromiseWithResolvers<void> }[] = [];
  const advance = (name: string, position: number): Promise<void> => {
    const note = Promise.withResolvers<void>();
    asked.push({ name, position, note });
    return note.promise;
  };
  return { asked, advance };
}

describe('the cursors of a pass', () => {
  test('let the next batch go on from the last one before the ledger has noted it, and note one after the other', async () => {
    const ledger = slowLedger();
    const cursors = new Cursors(ledger);
    expect(cursors.after('results')).toBeNull();
    await cursors.advance('results', 2000);
    expect(cursors.after('results')).toBe(2000);
    const second = cursors.advance('tallies', 7);
    await Promise.resolve();
    expect(ledger.asked.map(({ position }) => position)).toEqual([2000]);
    ledger.asked[0]?.note.resolve();
    await second;
    expect(ledger.asked.map(({ name, position }) => [name, position])).toEqual([
      ['results', 2000],
      ['tallies', 7],
    ]);
    const kept = cursors.kept();
    ledger.asked[1]?.note.resolve();
    await kept;
  });

  test('say at the next batch, and at the end, that the ledger could not note the last one', async () => {
    const ledger = slowLedger();
    const cursors = new Cursors(ledger);
    await cursors.advance('results', 2000);
    ledger.asked[0]?.note.reject(new Error('disk full'));
    await expect(cursors.advance('results', 4000)).rejects.toThrow('disk full');
    await expect(cursors.kept()).rejects.toThrow('disk full');
    await expect(cursors[Symbol.asyncDispose]()).resolves.toBeUndefined();
    expect(cursors.after('results')).toBe(2000);
  });
});
