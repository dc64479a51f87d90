import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../store/open.ts';
import { command } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives: []
silences:
  - { match: { rule: clock }, from: "2020-01-01T00:00:00Z", to: "2099-01-01T00:00:00Z", author: ana, reason: "no chrony here" }
`;

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-silence-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  await using _ = await openStore({ path: join(folder, 'pulsedrill.db'), objectives: [] });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const silence = (...words: readonly string[]) => command(folder, 'silence', ...words);
const WHO = ['--author', 'ana', '--reason', 'upgrade'] as const;

describe('silence', () => {
  it('is added, listed beside those of the configuration, and ended before its time', async () => {
    const { code, printed } = await silence('add', '--service', 'client-api', '--for', '2h', ...WHO);
    expect(code).toBe(0);
    const id = printed.split(':')[0] ?? '';
    expect(printed).toMatch(/^si-\d{8}-[0-9a-f]{4}: nobody is told of service client-api until \d{4}-.*Z$/);
    const listed = (await silence('list')).printed;
    expect(listed).toMatch(
      /configuration\/0 +rule clock +2020-01-01T00:00Z +2099-01-01T00:00Z +active +ana +no chrony here/,
    );
    expect(listed).toMatch(new RegExp(`${id} +service client-api .* active +ana +upgrade`));
    expect(await silence('end', id, '--author', 'ben')).toMatchObject({ code: 0, printed: `${id}: over` });
    expect((await silence('list')).printed).not.toContain(id);
    expect((await silence('list', '--all')).printed).toContain(id);
    expect(JSON.parse((await silence('list', '--json')).printed)).toMatchObject({
      silences: [{ id: 'configuration/0', match: { rule: 'clock' }, active: true }],
    });
  });

  it.each([
    [['add', '--for', '2h', ...WHO], 'silence: expected at least one of --service, --objective and --rule, got none'],
    [
      ['add', '--service', 'client-apo', '--for', '2h', ...WHO],
      `--service: expected one of the configuration's (did you mean "client-api"?), got "client-apo"`,
    ],
    [
      ['add', '--service', 'client-api', '--for', '8d', ...WHO],
      '--for: expected a duration of at most 7d such as "2h", got "8d"',
    ],
    [
      ['add', '--service', 'client-api', '--for', '2h', '--from', 'tonight', ...WHO],
      '--from: expected a time with its zone such as "2026-12-01T22:00:00Z", got "tonight"',
    ],
    [
      ['add', '--service', 'client-api', '--for', '1h', '--from', '2020-01-01T00:00:00Z', ...WHO],
      '--from: expected a silence that is not over yet',
    ],
    [
      ['add', '--service', 'client-api', '--for', '1h', '--author', ' ', '--reason', 'x'],
      '--author: expected a word that can be recorded, got nothing',
    ],
    [
      ['end', 'configuration/0', '--author', 'b'],
      'silence: configuration/0 stands in the configuration; take it out there',
    ],
    [['end', 'si-1', '--author', 'b'], 'silence: expected the id of one that is not over, got "si-1"'],
  ])('%j is refused, with the way to mend it', async (words, message) => {
    const { code, complained } = await silence(...words);
    expect(complained).toBe(message);
    expect(code).toBe(2);
  });
});
