import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../../runner/config/load.ts';
import { Ledger } from '../../../store/ledger.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aResult, T0 } from '../../support/results.ts';
import { commandAt, type Answered } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.9", window: 1h, sli: availability, probes: [status], minEvents: 10 }
  - { id: latency, service: client-api, target: "0.9", window: 1h, sli: { indicator: latency, within: 250ms }, probes: [status], minEvents: 10 }
`;
const CHANGES = `
- { id: latency, limit: 20ms, weighing: count }
- { id: availability, target: "0.99" }
`;

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-replay-command-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  writeFileSync(join(folder, 'changes.yaml'), CHANGES);
  const loaded = await loadConfiguration({ file: undefined, folder, environment: {} });
  if (!loaded.ok) throw new Error(loaded.lines.join('\n'));
  const { ledgerPath, objectives } = loaded.configuration;
  using ledger = new Ledger({ path: ledgerPath, objectives, stepMs: 60_000 });
  // An hour of runs, each a minute; every tenth took 300 ms, the others 20 ms; one failed.
  ledger.append(
    Array.from({ length: 60 }, (_, n) =>
      aResult(n, {
        scheduledMs: T0 + n * 60_000,
        weightMs: 60_000,
        service: 'client-api',
        outcome: n === 30 ? 'bad' : 'good',
        readings: [{ type: 'duration', indicator: 'latency', ms: n % 10 === 0 ? 300 : 20 }],
      }),
    ),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function asked(...words: readonly string[]): Promise<Answered> {
  return commandAt(new ManualClock(0, T0 + 3_600_000 + 20_000), folder, 'replay', ...words);
}

describe('replay', () => {
  it('prints what was and what would have been, figure by figure, and marks what differs', async () => {
    const { code, printed, complained } = await asked('--objective', 'latency', '--limit', '300ms');
    expect(complained).toBe('');
    expect(printed).toBe(
      `latency (latency), 2026-01-15 12:00:00 UTC to 2026-01-15 13:00:00 UTC

                                           before                after
target                                       90 %                 90 %
limit                                    ≤ 250 ms             ≤ 300 ms  ←
window                                        1 h                  1 h
weighing                                     time                 time
event minimum                                  10                   10
attained                                 90.000 %             98.333 %  ←
good / valid                              54 / 60              59 / 60  ←
consumed                                  100.0 %               16.7 %  ←
colour                                        RED                GREEN  ←
met                                           met                  met
statistically                        inconclusive         demonstrated  ←
met, of all moments             10.000 % (6 / 60)  100.000 % (60 / 60)  ←
time GREEN                                      0               50 min  ←
time YELLOW                                     0               10 min  ←
time RED                                      1 h                    0  ←
time UNKNOWN                                    0                    0
changes of colour                               1                    3  ←
pages                                           1                    0  ←
tickets                                         1                    0  ←
pages withheld, too few events                  0                    0
times a game-day became owed                    1                    0  ←

exact: every stored result was judged by both
judged every 1 min; nothing was written to the record`,
    );
    expect(code).toBe(0);
  });

  it('takes several changes from a file in the form of overrides, and answers in JSON', async () => {
    const { code, printed } = await asked('--changes', 'changes.yaml', '--json');
    expect(JSON.parse(printed)).toMatchObject({
      timeScale: 1,
      replays: [
        {
          objective: 'latency',
          basis: 'results',
          before: { definition: { weighing: 'time' }, events: { good: 54, bad: 6 } },
          after: { definition: { sli: { ms: 20 }, weighing: 'count' }, events: { good: 54, bad: 6 } },
        },
        { objective: 'availability', basis: 'tallies', before: { colour: 'green' }, after: { colour: 'red' } },
      ],
    });
    expect(code).toBe(0);
  });

  it.each([
    [[], 'replay: expected --objective ID (or --changes FILE), got none'],
    [
      ['--objective', 'latency'],
      'replay: expected what to change: --limit, --target, --weighing, --window (or --changes FILE), got none',
    ],
    [
      ['--objective', 'latancy', '--limit', '1s'],
      'replay: --objective: expected the id of an objective (did you mean "latency"?), got "latancy"',
    ],
    [
      ['--objective', 'latency', '--limit', 'fast', '--target', '1'],
      'replay: --target: expected a target between 0 and 1 as a quoted decimal such as "0.999", got "1"\nreplay: --limit: expected a duration such as "15s", got "fast"',
    ],
    [
      ['--objective', 'availability', '--limit', '1s'],
      'replay: --limit: expected no limit, since availability has none, got "1s"',
    ],
    [
      ['--changes', 'chagnes.yaml'],
      'chagnes.yaml: expected a file with a list in the form of objectives.override, got nothing there',
    ],
    [
      ['--changes', 'changes.yaml', '--target', '0.9'],
      'replay: expected either --changes FILE or --objective with what to change, got both',
    ],
    [
      ['--objective', 'latency', '--limit', '1s', '--from', '2027-01-01T00:00Z'],
      'replay: expected --from before --to, got the reverse',
    ],
  ] as const)('says what is wrong with %j', async (words, message) => {
    const { code, complained } = await asked(...words);
    expect(complained).toBe(message);
    expect(code).toBe(2);
  });

  it('says what is wrong in a file, with its line', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), '- { id: latency, limit: 20 }\n- { id: nobody, target: "0.9" }\n');
    expect((await asked('--changes', 'wrong.yaml')).complained).toBe(
      'wrong.yaml: [0].limit: expected a duration such as "15s", got 20 (line 1)',
    );
    writeFileSync(join(folder, 'wrong.yaml'), '- { id: latency }\n- { id: nobody, target: "0.9" }\n');
    expect((await asked('--changes', 'wrong.yaml')).complained).toBe(
      'wrong.yaml: [0]: expected a change to latency: target, limit, window, weighing, minEvents or burn, got none of them (line 1)\nwrong.yaml: [1].id: expected the id of an objective, got "nobody" (line 2)',
    );
  });
});
