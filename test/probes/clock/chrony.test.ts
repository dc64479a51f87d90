import { afterEach, describe, expect, it } from 'vitest';
import { parseTracking, readTracking, type ClockReading } from '../../../probes/clock/chrony.ts';
import { startChronyd, type Chronyd } from '../../support/chronyd.ts';
import { eventually, isMissing } from '../../support/servers.ts';

const PATH = process.env['PATH'] ?? '';
const read = (command: readonly string[]) => readTracking({ command, path: PATH, signal: AbortSignal.timeout(20_000) });
/** Stands in for a chronyc that answers something. */
const answering = (script: string) => [process.execPath, '-e', script];

describe('a line of chronyc -c tracking', () => {
  it('is read in milliseconds, with the sign of a clock that is fast and half the delay in the bound', () => {
    const line =
      'A9FEA97B,169.254.169.123,4,1763930000.123456789,-0.030045429,-0.000000040,0.000009065,-3.210,-0.018,9.847,0.000200000,0.000010000,64.5,Normal\n';
    expect(parseTracking(line)).toEqual({
      offsetMs: expect.closeTo(30.045429, 9),
      boundMs: expect.closeTo(0.11, 9),
      stratum: 4,
      leap: 'normal',
      source: '169.254.169.123',
    });
  });

  it('of a daemon that follows nothing says so', () => {
    const line =
      '00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,Not synchronised\n';
    expect(parseTracking(line)).toEqual({
      offsetMs: 0,
      boundMs: 1500,
      stratum: 0,
      leap: 'not synchronised',
      source: '',
    });
  });

  it.each(['', 'hello', '1,2,3', 'A,b,4,x,y,0,0,0,0,0,0,0,0,Normal', 'A,b,4,0,0,0,0,0,0,0,0,0,0,Perhaps'])(
    'that is none (%j) is quoted back',
    (text) => {
      expect(parseTracking(text)).toEqual({
        unreadable: `expected the 14 values of "chronyc -c tracking", got "${text}"`,
      });
    },
  );
});

describe('a program that has no answer', () => {
  it('is missing from the machine', async () => {
    expect(await read(['no-such-chronyc'])).toEqual({
      unreadable:
        'no-such-chronyc is not on this machine: install chrony (apt-get install chrony), or name another command',
    });
  });

  it('cannot even be started', async () => {
    const answer = await read(['chronyc\0']);
    expect(answer).toMatchObject({ unreadable: expect.stringContaining('could not be started: ') });
  });

  it('fails, and its words are kept', async () => {
    const [node = '', ...rest] = answering('console.log("506 Cannot talk to daemon"); process.exit(1)');
    expect(await read([node, ...rest])).toEqual({
      unreadable: `${node} failed: 506 Cannot talk to daemon; is chronyd running?`,
    });
  });

  it('is silent until the deadline', async () => {
    const [node = '', ...rest] = answering('setInterval(() => {}, 1000)');
    const answer = await readTracking({ command: [node, ...rest], path: PATH, signal: AbortSignal.timeout(200) });
    expect(answer).toEqual({ unreadable: `${node} was asked, and did not answer in time` });
  });
});

describe.skipIf(isMissing('chronyd', 'chrony'))('a live chronyd', () => {
  let daemon: Chronyd | undefined;
  afterEach(async () => {
    await daemon?.[Symbol.asyncDispose]();
    daemon = undefined;
  });

  function synchronised(): Promise<ClockReading> {
    return eventually(async () => {
      const answer = await read(daemon?.command ?? []);
      return 'unreadable' in answer || answer.stratum === 0 ? undefined : answer;
    }, 'chronyd follows its server');
  }

  it.each([
    ['slow', 30, -30],
    ['fast', -45, 45],
  ])('of a machine whose clock is %s says by how much', async (_what, aheadMs, offsetMs) => {
    daemon = await startChronyd(aheadMs);
    const reading = await synchronised();
    expect(Math.abs(reading.offsetMs - offsetMs)).toBeLessThan(5 + reading.boundMs);
    expect(reading).toMatchObject({ stratum: 2, leap: 'normal', source: '127.0.0.1' });
  });

  it('that follows no server says that it does not know', async () => {
    daemon = await startChronyd(null);
    const reading = await eventually(async () => {
      const answer = await read(daemon?.command ?? []);
      return 'unreadable' in answer ? undefined : answer;
    }, 'chronyd answers');
    expect(reading).toMatchObject({ stratum: 0, leap: 'not synchronised' });
  });
});
