import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '../../runner/command.ts';
import { COMMANDS } from '../../runner/commands/all.ts';
import { CALC_KINDS } from '../../slo/calc.ts';
import { openStore } from '../../store/open.ts';
import { listening } from '../probes/context.ts';
import { cli, startCli, type CliOptions, type Ended } from '../support/cli.ts';
import { collect } from '../support/results.ts';
import { eventually, freePort } from '../support/servers.ts';
import { slowServer } from '../support/slow-server.ts';

let folder = '';
let options: CliOptions = { folder };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-cli-'));
  options = { folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a configuration of one probe. JSON is YAML. */
function configure(url: string, part: Readonly<Record<string, unknown>> = {}): void {
  const document = {
    listen: false,
    loopTolerance: '10s',
    probes: [{ id: 'status', kind: 'http', service: 'client-api', url, every: '500ms', yellow: '400ms' }],
    objectives: [
      {
        id: 'availability',
        service: 'client-api',
        target: '0.999',
        window: '30d',
        sli: 'availability',
        probes: ['status'],
      },
    ],
    ...part,
  };
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), JSON.stringify(document));
}

/** The complaint of a command that refused before it did anything. */
function refusal(ended: Ended, code: number): string {
  expect(ended.code).toBe(code);
  expect(ended.stdout).toBe('');
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  return ended.stderr.trimEnd();
}

function names(commands: readonly Command[], above: readonly string[] = []): readonly (readonly string[])[] {
  return commands.flatMap((command) => {
    const words = [...above, command.name.split(' ')[0] ?? ''];
    return [words, ...names(command.below ?? [], words)];
  });
}

describe('help', () => {
  it('lists every command, on standard output', async () => {
    const { code, stdout, stderr } = await cli(['--help'], options);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const { name } of COMMANDS) expect(stdout).toContain(`pulsedrill ${name}`);
  });

  it.each(names(COMMANDS).map((words) => [words.join(' '), words] as const))(
    'of %s shows an example and how to name a configuration',
    async (name, words) => {
      const { code, stdout, stderr } = await cli([...words, '--help'], options);
      expect(code).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toMatch(new RegExp(`Examples:\n\\s+pulsedrill ${words[0]}`));
      expect(stdout).toContain(name);
      expect(stdout).toContain('--config');
    },
  );
});

describe('words that are not understood', () => {
  it.each<[words: readonly string[], message: string]>([
    [[], 'expected a command; "pulsedrill --help" lists them'],
    [['bogus'], 'pulsedrill: expected a command that it has, got "bogus"; "pulsedrill --help" lists them'],
    [
      ['demoo', '--frist'],
      'pulsedrill: expected a command that it has (did you mean "demo"?), got "demoo"; "pulsedrill --help" lists them',
    ],
    [
      ['budget', 'clac'],
      'pulsedrill budget: expected a command that it has (did you mean "calc"?), got "clac"; "pulsedrill budget --help" lists them',
    ],
    [
      ['run', '--bogus'],
      'pulsedrill run: expected an option that it has, got "--bogus"; "pulsedrill run --help" lists them',
    ],
    [
      ['run', '--confg=mine.yaml'],
      'pulsedrill run: expected an option that it has (did you mean "--config"?), got "--confg"; "pulsedrill run --help" lists them',
    ],
    [
      ['validate', 'mine.yaml', '--jsn', '--dry-run'],
      [
        'pulsedrill validate: expected an option that it has (did you mean "--json"?), got "--jsn"; "pulsedrill validate --help" lists them',
        'pulsedrill validate: expected an option that it has, got "--dry-run"; "pulsedrill validate --help" lists them',
        'pulsedrill validate: expected no further word, got "mine.yaml"; "pulsedrill validate --help" shows what it takes',
      ].join('\n'),
    ],
    [['run', '--config'], 'pulsedrill run: --config: expected a value, got none; "pulsedrill run --help" shows which'],
    [
      ['gameday', 'check'],
      'pulsedrill gameday check: expected <scenario> or --scheduled ID, got nothing; "pulsedrill gameday check --help" shows what it takes',
    ],
    [['gameday'], 'expected what to do; "pulsedrill gameday --help" lists it'],
    [['report'], 'expected what to do; "pulsedrill report --help" lists it'],
  ])('%j are told in a line each, with what was probably meant and exit code 2', async (words, message) => {
    expect(refusal(await cli(words, options), 2)).toBe(message);
  });
});

describe('init', () => {
  it('writes a configuration that validates, and says what to do next', async () => {
    expect(await cli(['init'], options)).toMatchObject({
      code: 0,
      stdout: 'wrote pulsedrill.config.yaml; next: pulsedrill validate, then pulsedrill once\n',
      stderr: '',
    });
    expect(await cli(['validate'], options)).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses to overwrite', async () => {
    const path = join(folder, 'pulsedrill.config.yaml');
    writeFileSync(path, 'mine: true\n');
    expect(refusal(await cli(['init'], options), 2)).toBe(
      'pulsedrill.config.yaml: expected no such file yet, got one; nothing was overwritten',
    );
    expect(readFileSync(path, 'utf8')).toBe('mine: true\n');
  });

  it('says where it cannot write', async () => {
    expect(refusal(await cli(['init', '--config', 'no/such/folder.yaml'], options), 3)).toBe(
      'no/such/folder.yaml: expected a folder to write into, got ENOENT',
    );
  });
});

describe('validate', () => {
  const wrong = join(import.meta.dirname, '../config/many-problems.yaml');
  const messages = readFileSync(wrong.replace(/yaml$/, 'txt'), 'utf8').trimEnd();

  it('prints every problem on standard error and nothing on standard output, with exit code 2', async () => {
    expect(refusal(await cli(['validate', '--config', wrong], options), 2)).toBe(messages);
    expect(refusal(await cli(['validate', '--json', '--config', wrong], options), 2)).toBe(messages);
  });

  it.each([['plan'], ['once'], ['run'], ['budget'], ['gameday', 'list'], ['report', 'sla']])(
    'is where %s %s begins too: a wrong configuration starts nothing',
    async (...words) => {
      expect(refusal(await cli([...words, '--config', wrong], options), 2)).toBe(messages);
    },
  );

  it('names a missing configuration', async () => {
    expect(refusal(await cli(['validate'], options), 2)).toMatch(
      /^no configuration: expected pulsedrill\.config\.ts, /,
    );
    expect(refusal(await cli(['validate', '--config', 'nowhere.yaml'], options), 2)).toBe(
      'nowhere.yaml: expected a file, got nothing there; "pulsedrill init" writes a starter',
    );
  });

  it('answers with one JSON document', async () => {
    configure('http://127.0.0.1:1/');
    const { code, stdout } = await cli(['validate', '--json'], options);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, probes: 1, objectives: 1, warnings: [] });
  });

  it('says what is wrong with the proposals of a review, long before it is due', async () => {
    configure('http://127.0.0.1:1/', { reports: { proposals: 'proposals.yaml' } });
    writeFileSync(join(folder, 'proposals.yaml'), '- { id: availabilty, target: "0.99" }\n');
    expect(refusal(await cli(['validate'], options), 2)).toBe(
      'proposals.yaml: [0].id: expected the id of an objective (did you mean "availability"?), got "availabilty" (line 1)',
    );
    writeFileSync(join(folder, 'proposals.yaml'), '- { id: availability, target: "0.99" }\n');
    expect(await cli(['validate'], options)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('once', () => {
  it('exits with 1 and says connect-refused when the venue is down', async () => {
    const port = await freePort();
    configure(`http://127.0.0.1:${port}/`);
    const { code, stdout, stderr } = await cli(['once'], options);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^status {2}bad \(connect-refused\) {2}the whole run [\d.]+ ms\n/);
    expect(stdout).toContain(`connect ECONNREFUSED 127.0.0.1:${port}`);
  });

  it('prints exactly one JSON document, good or bad, and remembers the runs without counting them', async () => {
    await using server = await slowServer();
    configure(server.url);
    const good = await cli(['once', '--json'], options);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    const [result]: readonly Record<string, unknown>[] = JSON.parse(good.stdout);
    expect(result).toMatchObject({ probe: 'status', outcome: 'good', cadence: 'once', weightMs: 0 });
    server.status = 503;
    const bad = await cli(['once', '--json', 'status'], options);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject([{ outcome: 'bad', reason: 'http-5xx' }]);
    await using store = await openStore({ path: join(folder, 'pulsedrill.db'), readOnly: true });
    const stored = await collect(store.results({ fromMs: 0, toMs: Date.now() + 60_000 }));
    expect(stored.map((each) => each.outcome)).toEqual(['good', 'bad']);
    expect(await store.tallies({ objective: 'availability', fromMs: 0, toMs: Date.now() + 60_000 })).toEqual([]);
  });

  it('shows the exchange on demand, with secrets masked', async () => {
    await using server = await slowServer();
    configure(server.url, {
      probes: [
        {
          id: 'status',
          kind: 'http',
          service: 'client-api',
          url: server.url,
          headers: { authorization: 'Bearer ${TP_TOKEN}' },
        },
      ],
    });
    const env = { TP_TOKEN: 'canary-8f3a' };
    const { code, stdout, stderr } = await cli(['once', '--verbose'], { folder, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('  | > authorization: Bearer ${TP_TOKEN}');
    expect(stdout).toContain('  | < 200');
    expect(stdout).not.toContain('canary');
  });

  it('names the probes that there are when asked for another', async () => {
    configure('http://127.0.0.1:1/');
    expect(refusal(await cli(['once', 'nobody', 'statsu'], options), 2)).toBe(
      'once: expected the id of a probe (status), got "nobody"\n' +
        'once: expected the id of a probe (status) (did you mean "status"?), got "statsu"',
    );
  });
});

describe('budget', () => {
  it('says what makes a ledger when there is none', async () => {
    configure('http://127.0.0.1:1/');
    expect(refusal(await cli(['budget'], options), 3)).toBe(
      `${join(folder, 'pulsedrill.db')}: expected a ledger, got no such file; "pulsedrill run" makes and fills one, "pulsedrill once" makes one too, though its runs are not counted`,
    );
  });

  it('shows an objective without events as Unknown, which is not a miss', async () => {
    await using server = await slowServer();
    configure(server.url);
    await cli(['once'], options);
    const { code, stdout } = await cli(['budget', '--json'], options);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      timeScale: 1,
      objectives: [{ objective: 'availability', colour: 'unknown', unknownBecause: 'no events in the window yet' }],
    });
  });
});

describe('budget calc', () => {
  interface Vector {
    readonly kind: string;
    readonly input: unknown;
    readonly expect: unknown;
  }
  const vectors: readonly Vector[] = JSON.parse(
    readFileSync(join(import.meta.dirname, '../slo/vectors.json'), 'utf8'),
  ).vectors;

  it('answers every known vector exactly as it is written down', async () => {
    const known = vectors.filter(({ kind }) => CALC_KINDS.some((each) => each === kind));
    expect(new Set(known.map(({ kind }) => kind))).toEqual(new Set(CALC_KINDS));
    writeFileSync(join(folder, 'counts.json'), JSON.stringify(known.map(({ kind, input }) => ({ kind, input }))));
    const { code, stdout, stderr } = await cli(['budget', 'calc', '--counts', 'counts.json', '--json'], options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answers: readonly unknown[] = JSON.parse(stdout);
    expect(answers).toHaveLength(known.length);
    for (const [index, vector] of known.entries()) expect(answers[index]).toMatchObject({ ...Object(vector.expect) });
  });

  it('takes its numbers from flags, without a configuration', async () => {
    const words = 'budget calc --target 0.999 --window 30d --good 1049790 --bad 210 --excluded 200000'.split(' ');
    const more = ['--last-hour-valid', '1500', '--last-hour-bad', '3', '--json'];
    const { code, stdout } = await cli([...words, ...more], options);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([vectors.find(({ kind }) => kind === 'ratio')?.expect]);
  });

  it('prints one figure a line without --json', async () => {
    const words = 'budget calc --target 0.999 --window 30d --good 999750 --bad 250'.split(' ');
    const { stdout } = await cli(words, options);
    expect(stdout).toMatch(/^consumedPct +25$/m);
    expect(stdout).toMatch(/^state +YELLOW$/m);
  });

  it.each<[words: string, message: string]>([
    [
      '--target 0.999',
      ['window', 'good', 'bad']
        .map((name) => `budget calc: expected --${name} (or --counts FILE), got none`)
        .join('\n'),
    ],
    [
      '--target 1.5 --window 30x --good many --bad -1 --excluded x --last-hour-bad 3',
      [
        'budget calc: --window: expected a duration such as "30d", got "30x"',
        'budget calc: expected --last-hour-valid beside --last-hour-bad, got none',
        'budget calc: --target: expected a decimal string between 0 and 1 such as "0.999", got "1.5"',
        'budget calc: --good: expected a whole number of 0 or more, got "many"',
        'budget calc: --bad: expected a whole number of 0 or more, got "-1"',
        'budget calc: --excluded: expected a whole number of 0 or more, got "x"',
      ].join('\n'),
    ],
    [
      '--target 0.9 --window 30d --good 1 --bad 1 --last-hour-valid 3 --last-hour-bad 5',
      'budget calc: --last-hour-bad: expected at most as many as valid, got 5',
    ],
    [
      '--target 0.999 --window 30x --good 1 --bad 1',
      'budget calc: --window: expected a duration such as "30d", got "30x"',
    ],
    [
      '--target 0.999 --window 30d --good many --bad 1',
      'budget calc: --good: expected a whole number of 0 or more, got "many"',
    ],
    [
      '--target 1.5 --window 30d --good 1 --bad 1',
      'budget calc: --target: expected a decimal string between 0 and 1 such as "0.999", got "1.5"',
    ],
  ])('%s is refused with what was expected', async (words, message) => {
    expect(refusal(await cli(['budget', 'calc', ...words.split(' ')], options), 2)).toBe(message);
  });

  it('says what is wrong with a file, item by item', async () => {
    writeFileSync(join(folder, 'broken.json'), '{');
    expect(refusal(await cli(['budget', 'calc', '--counts', 'broken.json'], options), 2)).toMatch(
      /^broken\.json: expected a readable JSON list of \{kind, input\}, got /,
    );
    writeFileSync(join(folder, 'items.json'), JSON.stringify([{ kind: 'ratio', input: {} }, { kind: 'soup' }, 7]));
    const lines = refusal(await cli(['budget', 'calc', '--counts', 'items.json'], options), 2).split('\n');
    expect(lines.some((line) => line.startsWith('items.json[0]: input.target: expected '))).toBe(true);
    expect(lines.some((line) => line.startsWith('items.json[1]: kind: expected '))).toBe(true);
    expect(lines.some((line) => line.startsWith('items.json[2]: kind: expected '))).toBe(true);
  });
});

describe('run', () => {
  it('ends with 3 and one clear line when its port is in use', async () => {
    await using taken = await listening(createServer());
    configure('http://127.0.0.1:1/', { listen: `127.0.0.1:${taken.port}` });
    expect(refusal(await cli(['run'], options), 3)).toBe(
      `listen: expected 127.0.0.1:${taken.port} to be free, got another process has it; set "listen" to another address, or false`,
    );
  });

  it('ends with 3 and one clear line when its ledger cannot be written', async () => {
    configure('http://127.0.0.1:1/', { store: { ledger: './pulsedrill.config.yaml/ledger.db' } });
    const inAFile = join(folder, 'pulsedrill.config.yaml');
    expect(refusal(await cli(['run'], options), 3)).toBe(
      `ledger ${inAFile}/ledger.db: the folder ${inAFile} cannot be made (ENOTDIR): name a folder that can be written in store.ledger`,
    );
    mkdirSync(join(folder, 'ledger.db'));
    configure('http://127.0.0.1:1/', { store: { ledger: './ledger.db' } });
    expect(refusal(await cli(['run'], options), 3)).toBe(
      `ledger ${join(folder, 'ledger.db')}: this is not a file: name a file in store.ledger`,
    );
    configure('http://127.0.0.1:1/', { store: { ledger: './pulsedrill.config.yaml' } });
    expect(refusal(await cli(['run'], options), 3)).toBe(
      `ledger ${inAFile}: the file is not a database: name another file in store.ledger; if this was a ledger, its first page is damaged: "pulsedrill ledger recover --to FILE" finds that page in the -wal where one is left beside it, else only a copy helps`,
    );
  });

  it('goes on while the venue is down, and records that', async () => {
    configure(`http://127.0.0.1:${await freePort()}/`);
    await using running = startCli(['run'], options);
    await eventually(() => (running.stderr().includes('runner-started') ? true : undefined), 'it has started');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    running.process.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, signal: null, stdout: '' });
    await using store = await openStore({ path: join(folder, 'pulsedrill.db'), readOnly: true });
    const results = await collect(store.results({ fromMs: 0, toMs: Date.now() + 60_000 }));
    expect(results.map((each) => each.reason)).toContain('connect-refused');
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('after %s lets the run in flight end, stores it, and exits with %i', async (signal, code) => {
    await using server = await slowServer();
    server.delayMs = 1200;
    configure(server.url, {
      probes: [{ id: 'status', kind: 'http', service: 'client-api', url: server.url, every: '3s', timeout: '3s' }],
    });
    await using running = startCli(['run'], options);
    await eventually(() => server.seen[0], 'a request');
    running.process.kill(signal);
    const ended = await running.ended;
    expect(ended).toMatchObject({ code, signal: null, stdout: '' });
    const told: readonly { kind?: string }[] = ended.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    // What is known of the clock depends on the machine.
    const kinds = told.map(({ kind }) => kind).filter((kind) => kind !== 'clock');
    expect(kinds).toEqual(['runner-started', 'review-item', 'burn-rates', 'colour', 'runner-stopped']);
    await using store = await openStore({ path: join(folder, 'pulsedrill.db'), readOnly: true });
    const results = await collect(store.results({ fromMs: 0, toMs: Date.now() + 60_000 }));
    expect(results.map((each) => each.outcome)).toEqual(['good']);
    expect(server.seen).toHaveLength(1);
  });

  it('answers for its health and its objectives where it listens', async () => {
    await using server = await slowServer();
    const port = await freePort();
    configure(server.url, { listen: `127.0.0.1:${port}` });
    await using running = startCli(['run'], options);
    const health = await eventually(async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health`);
      return answer.ok ? answer.json() : undefined;
    }, 'health');
    expect(health).toMatchObject({ status: 'running' });
    await eventually(async () => {
      const status: unknown = await (await fetch(`http://127.0.0.1:${port}/status`)).json();
      expect(status).toMatchObject({ timeScale: 1, objectives: [{ objective: 'availability' }] });
      return status;
    }, 'the first judgement');
    expect((await fetch(`http://127.0.0.1:${port}/elsewhere`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${port}/health`, { method: 'POST' })).status).toBe(405);
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});
