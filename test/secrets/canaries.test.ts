import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signedHeaders } from '../../runner/alerts/signature.ts';
import { selfSigned } from '../probes/certificates.ts';
import { cli, startCli } from '../support/cli.ts';
import { startInfluxd } from '../support/influxd.ts';
import { endMarked, sleeper, startOrphan } from '../support/processes.ts';
import { eventually, findProgram, freePort, isMissing } from '../support/servers.ts';
import { startEcho, type Echo } from './echo.ts';
import { secretPlaces } from './places.ts';
import { contents, holds, leaks } from './scanner.ts';
import { drilled, misplaced, planted, shippingElsewhere, signing } from './world.ts';

const hasBrowser = findProgram('chromium') !== null;
const VICTIM = `pulsedrill-canary-victim-${process.pid}-`;
/** What the runner asks, sooner or later. */
const HEARD = ['pd', 'am', 'slack', 'hook', 'ticket', 'rule', 'p', 'i'].map((name) => `/fails/${name}`);
HEARD.push('/influx/write', '/ok/query', '/channel', '/signal', '/signals', '/ok/mutual');
const common = {
  objective: 'Nothing that is secret is written down.',
  component: 'shop',
  // Longest wait for the first runs of its probes; no exercise in here comes to its end.
  settle: '20s',
  hypothesis: [{ name: 'the shop answers', probe: 'token', outcome: 'bad' }],
};
const flag = { inject: { id: 'on', fault: { type: 'call' }, target: { injector: 'http', name: 'flag' } } };
const LEAKY = {
  ...common,
  id: 'leaky',
  title: 'A flag is switched on, a shop is killed, a tool fails',
  watch: [{ id: 'gauge', kind: 'http', url: 'URL/ok/gauge/${WATCH_KEY}', every: '1s', timeout: '500ms' }],
  steps: [
    flag,
    { lift: { fault: 'on' } },
    { inject: { id: 'gone', fault: { type: 'kill' }, target: { injector: 'process', name: 'shop' } } },
    { lift: { fault: 'gone' } },
    { inject: { id: 'broken', fault: { type: 'command' }, target: { injector: 'exec', name: 'tool' } } },
    { lift: { fault: 'broken' } },
  ],
};
/** Its conductor is killed, and its guardian lifts. */
const CUT = {
  ...common,
  id: 'cut',
  title: 'Cut short',
  steps: [flag, { hold: { for: '60s' } }, { lift: { fault: 'on' } }],
};

describe.skipIf(isMissing('influxd', 'influxdb'))('secrets in every place that takes one', { timeout: 180_000 }, () => {
  let folder = '';
  /** What programs saw of their environment: beside the folder that is searched. */
  let seen = '';
  let secrets: Readonly<Record<string, string>> = {};
  let places: Readonly<Record<string, string>> = {};
  /** Secrets that were used without being sent: a signature, a handshake. */
  const proven = new Set<string>();
  let heard = '';
  /** Output of every command. */
  const outputs = new Map<string, string>();
  const codes = new Map<string, number | null>();
  let shipped = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pulsedrill-secrets-'));
    seen = mkdtempSync(join(tmpdir(), 'pulsedrill-seen-'));
    await using influxd = await startInfluxd();
    const tls = selfSigned('localhost');
    await using echo = await startEcho({ influxUrl: influxd.url, tls });
    const tool = join(seen, 'tool.sh');
    writeFileSync(
      tool,
      `#!/bin/sh\necho "$TOOL_TOKEN" | tee -a ${join(seen, 'heard')} >&2\n[ -z "$2" ] || setsid ${sleeper('"$2"')
        .map((word, n) => (n === 2 ? `'${word}'` : word))
        .join(' ')} >/dev/null 2>&1 &\nexit $1\n`,
    );
    chmodSync(tool, 0o755);
    const port = await freePort();
    const main = planted({ ...echo, tls, port, database: influxd.database, hasBrowser });
    const elsewhere = shippingElsewhere(echo.url);
    const drill = drilled(echo.url, tool, VICTIM);
    const signed = signing(echo.url);
    const wrong = misplaced();
    const all = [main, elsewhere, drill, signed, wrong];
    secrets = Object.assign({}, ...all.map(({ environment }) => environment));
    places = Object.assign({}, ...all.map((each) => each.places));
    const put = (name: string, document: unknown): void =>
      writeFileSync(join(folder, name), JSON.stringify(document).replaceAll('URL/ok', `${echo.url}/ok`));
    put('pulsedrill.config.yaml', main.document);
    put('elsewhere.config.yaml', elsewhere.document);
    put('drill.config.yaml', drill.document);
    put('wrong.config.yaml', wrong.document);
    writeFileSync(join(folder, 'signed.config.ts'), signed.source);
    put('leaky.yaml', LEAKY);
    put('cut.yaml', CUT);
    const start = { folder, env: { ...secrets } };
    const tell = async (...words: readonly string[]): Promise<void> => {
      const { code, stdout, stderr } = await cli(words, start);
      outputs.set(words.join(' '), `${stdout}${stderr}`);
      codes.set(words.join(' '), code);
    };
    const by = (name: string): readonly string[] => ['--config', `${name}.config.${name === 'signed' ? 'ts' : 'yaml'}`];
    await tell('validate');
    if (codes.get('validate') !== 0) throw new Error(outputs.get('validate'));

    startOrphan(sleeper(VICTIM));
    await using running = startCli(['run'], start);
    await using other = startCli(['run', ...by('elsewhere')], start);
    const isHeard = (path: string) =>
      eventually(() => (echo.heard().includes(path) ? true : undefined), `${path} is asked`, 110_000);
    /** What the runners do, until they have ended; then what is asked of what they left. */
    const measured = async (): Promise<void> => {
      await Promise.all([
        ...[...HEARD, ...(hasBrowser ? ['/page?key='] : [])].map(isHeard),
        eventually(() => (other.stderr().includes('InfluxDB') ? true : undefined), 'it cannot ship', 60_000),
      ]);
      await incoming(`http://127.0.0.1:${port}`, main);
      for (const path of ['status', 'metrics', 'health'])
        outputs.set(`/${path}`, await (await fetch(`http://127.0.0.1:${port}/${path}`)).text());
      for (const [name, each] of Object.entries({ run: running, other })) {
        each.process.kill('SIGTERM');
        const ended = await each.ended;
        outputs.set(name, `${ended.stdout}${ended.stderr}`);
      }
      const pdf = hasBrowser ? 'md,html,pdf' : 'md,html';
      await Promise.all([
        tell('once', '--verbose', 'token', 'key', 'address', 'pair', 'journey', 'mutual', 'ticks', 'paper', 'proof'),
        tell('doctor', '--json'),
        tell('budget', '--json'),
        tell('budget', ...by('elsewhere')),
        tell('incident', 'list', '--json'),
        tell('report', 'sla', '--bundle'),
        tell('report', 'weekly', '--format', pdf),
        tell('export', '--from', '1d', '--out', 'results.ndjson'),
        tell('replay', '--objective', 'avail-token', '--target', '0.5', '--json'),
      ]);
    };
    const drilledTwice = async (): Promise<void> => {
      await tell('gameday', 'run', '--scheduled', 'weekly', ...by('drill'));
      await cutShort(start, by('drill'), echo);
      await Promise.all([
        tell('doctor', ...by('drill')),
        tell('gameday', 'check', './cut.yaml', '--json', ...by('drill')),
      ]);
    };
    // Side by side: each waits most of its time.
    await Promise.all([
      measured(),
      drilledTwice(),
      tell('once', '--verbose', ...by('signed')),
      tell('plan', '--json'),
      tell('validate', ...by('wrong')),
    ]);
    shipped = JSON.stringify(await influxd.query('SELECT * FROM /.*/'));
    heard = `${echo.heard()}${readFileSync(join(seen, 'heard'), 'utf8')}`;
    proveSigned(echo);
    if (outputs.get('once --verbose --config signed.config.ts')?.includes('cannot sign with ${CANARY_S1}') === true)
      proven.add('CANARY_S1');
    if (echo.certificates.has(main.certificate)) proven.add('CANARY_KEY').add('CANARY_PASSPHRASE');
    const bundle = /^(.*\.zip)$/m.exec(outputs.get('report sla --bundle') ?? '')?.[1] ?? 'no bundle';
    writeFileSync(join(folder, 'public.pem'), main.publicPem);
    await tell('verify', bundle, '--key', 'public.pem');
    if (codes.get(`verify ${bundle} --key public.pem`) === 0) proven.add('CANARY_PEM');
  }, 180_000);
  afterAll(() => {
    endMarked(VICTIM);
    for (const each of [folder, seen]) rmSync(each, { recursive: true, force: true });
  });

  /** What PagerDuty and a chat command send: signed by each secret, and not. */
  async function incoming(url: string, { environment }: { readonly environment: typeof secrets }): Promise<void> {
    const ask = async (path: string, body: string, headers: Record<string, string>): Promise<number> => {
      const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers });
      outputs.set(`${path} ${outputs.size}`, `${JSON.stringify([...answer.headers])}${await answer.text()}`);
      return answer.status;
    };
    for (const [name, secret] of Object.entries(environment)) {
      const body = JSON.stringify({ type: 'mark', what: `said ${secret}`, by: 'ana' });
      if (places[name]?.startsWith('incidents.pagerduty.') === true) {
        const mac = createHmac('sha256', secret).update(body).digest('hex');
        expect(await ask('/pagerduty', body, { 'x-pagerduty-signature': secret })).toBe(403);
        if ((await ask('/pagerduty', body, { 'x-pagerduty-signature': `v1=${mac}` })) !== 403) proven.add(name);
      }
      if (places[name]?.startsWith('gamedays.webhook.') === true) {
        const right = signedHeaders(secret, `id-${name}`, Date.now(), body);
        expect(await ask('/gameday', body, { ...right, 'webhook-signature': secret })).toBe(403);
        if ((await ask('/gameday', body, right)) !== 403) proven.add(name);
      }
    }
  }

  /** Of what we sent, which secrets signed it. */
  function proveSigned({ requests }: Echo): void {
    for (const { headers, body } of requests) {
      const [id, at, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((each) => headers[each]);
      if (typeof id !== 'string' || typeof at !== 'string' || typeof given !== 'string') continue;
      for (const [name, secret] of Object.entries(secrets)) {
        const own = signedHeaders(secret, id, Number(at) * 1000, body)['webhook-signature'] ?? '';
        if (given.split(' ').includes(own)) proven.add(name);
      }
    }
  }

  async function cutShort(start: Parameters<typeof cli>[1], config: readonly string[], echo: Echo): Promise<void> {
    await using conductor = startCli(['gameday', 'run', './cut.yaml', ...config], start);
    const calls = (): number =>
      echo.requests.filter(({ url, body }) => url.startsWith('/ok/flag') && body !== '').length;
    const before = calls();
    await eventually(() => (calls() > before ? true : undefined), 'the flag is on again', 30_000);
    conductor.process.kill('SIGKILL');
    const ended = await conductor.ended;
    outputs.set('a killed conductor', `${ended.stdout}${ended.stderr}`);
    await eventually(() => (calls() > before + 1 ? true : undefined), 'the guardian lifts it', 60_000);
    const { stdout, stderr } = await cli(['gameday', 'recover', ...config], start);
    outputs.set('gameday recover', `${stdout}${stderr}`);
  }

  test('are planted in each of them', () => {
    const planted = new Set(
      Object.entries(places).flatMap(([name, place]) => (name.startsWith('CANARY_X') ? [] : [place])),
    );
    expect(secretPlaces().filter((path) => !planted.has(path))).toEqual([]);
  });

  test('reach whom they are for', () => {
    const unseen = Object.entries(secrets).flatMap(([name, value]) =>
      proven.has(name) || name.startsWith('CANARY_X') || holds(heard, value) ? [] : [`${name}: ${places[name]}`],
    );
    expect(unseen.filter((each) => hasBrowser || !each.includes('<browser>'))).toEqual([]);
  });

  test('are in no output', () => {
    expect(outputs.get('run')).toContain('probe-failing');
    const weekly = outputs.get('gameday run --scheduled weekly --config drill.config.yaml');
    expect(weekly).toContain('tool: inject: ');
    expect(outputs.get('once --verbose --config signed.config.ts')).toContain('cannot sign with');
    expect(outputs.get('budget --config elsewhere.config.yaml')).toContain('answers 500: refused');
    const found = [...outputs].flatMap(([name, text]) => leaks(text, secrets).map((leak) => `${name}: ${leak}`));
    expect(found).toEqual([]);
  });

  test('are in no byte of ledgers, reports, bundles, pictures, traces, journals and exports', () => {
    const files = contents(folder);
    const names = [...files.keys()];
    const wanted = [/\.db$/, /!rows$/, /\.ndjson$/, /gamedays\/.*journal\.ndjson$/, /records\/.*\.md$/, /\.svg$/];
    const packed = [/evidence-.*\.zip!manifest\.json$/, ...(hasBrowser ? [/\.pdf!drawn$/, /trace.*\.zip!/] : [])];
    expect([...wanted, ...packed].filter((each) => !names.some((name) => each.test(name)))).toEqual([]);
    const found = [...files].flatMap(([name, text]) => leaks(text, secrets).map((leak) => `${name}: ${leak}`));
    expect(found).toEqual([]);
  });

  test('are in nothing that was shipped', () => {
    expect(shipped).toContain('expected');
    expect(leaks(shipped, secrets)).toEqual([]);
  });
});
