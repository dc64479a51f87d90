import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../../store/open.ts';
import { command } from './support.ts';

const CONFIGURATION = `
probes:
  - { id: status, kind: http, service: client-api, url: "http://127.0.0.1:1/status" }
objectives:
  - { id: availability, service: client-api, target: "0.999", window: 30d, sli: availability, probes: [status] }
reports: { folder: out, browser: /nowhere/chromium }
`;

let folder = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsedrill-report-'));
  writeFileSync(join(folder, 'pulsedrill.config.yaml'), CONFIGURATION);
  await using _ = await openStore({ path: join(folder, 'pulsedrill.db') });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('report --format', () => {
  it('writes Markdown always, and HTML beside it', async () => {
    const { code, printed } = await command(folder, 'report', 'sla', '--format', 'html', '--json');
    const documents = ['sla.md', 'sla.html'].map((name) => join(folder, 'out', name));
    expect(JSON.parse(printed)).toEqual({ report: documents[0], documents });
    expect(code).toBe(0);
    expect(readdirSync(join(folder, 'out')).toSorted()).toEqual(['sla.html', 'sla.md']);
  });

  it('says that no browser can print, once everything else is written', async () => {
    const answer = await command(folder, 'report', 'sla', '--format', 'md,html,pdf');
    const at = (name: string) => join(folder, 'out', name);
    expect(answer).toEqual({
      code: 3,
      printed: '',
      complained: `${at('sla.pdf')}: not written: /nowhere/chromium cannot be executed: apt-get install chromium, or npx playwright install chromium; written are ${at('sla.md')}, ${at('sla.html')}`,
    });
    expect(readdirSync(join(folder, 'out')).toSorted()).toEqual(['sla.html', 'sla.md']);
  });

  it('refuses a form that it does not know, before anything is read', async () => {
    expect(await command(folder, 'report', 'sla', '--format', 'md,docx')).toMatchObject({
      code: 2,
      complained: '--format: expected a list of md, html, pdf such as "md,html", got "md,docx"',
    });
  });
});
