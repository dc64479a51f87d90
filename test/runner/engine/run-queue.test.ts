import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRunQueue } from '../../../runner/engine/run-queue.ts';

const folder = mkdtempSync(join(tmpdir(), 'pulsedrill-run-queue-'));
const file = join(folder, 'schedstat');
afterAll(() => rmSync(folder, { recursive: true }));

describe('the time without a core', () => {
  it('is the second number, in milliseconds, and never falls', () => {
    writeFileSync(file, '332867 1500000 12\n');
    using queue = openRunQueue(file);
    expect(queue?.waitedMs()).toBe(1.5);
    writeFileSync(file, '332867 2750000 13\n');
    expect(queue?.waitedMs()).toBe(2.75);
    writeFileSync(file, '332867 1750000 13\n');
    expect(queue?.waitedMs()).toBe(2.75);
  });

  it('is unknown where the system has no such file, or one that says something else', () => {
    expect(openRunQueue(join(folder, 'missing'))).toBeNull();
    writeFileSync(file, 'nothing\n');
    expect(openRunQueue(file)).toBeNull();
    expect(openRunQueue(folder)).toBeNull();
  });

  it.runIf(process.platform === 'linux')('is read of this thread where the system tells it', () => {
    using queue = openRunQueue();
    expect(queue?.waitedMs()).toBeGreaterThanOrEqual(0);
  });
});
