/** The pages of a document as files, from what was gathered for it: the same bytes for who issues and for who verifies. */
import { basename } from 'node:path';
import type { Files } from '../../reports/evidence/files.ts';
import type { SlaReport } from '../../reports/sla.ts';
import { rendered, type Audience } from '../reporting.ts';

/** What draws weighs much in memory, and is loaded when something is drawn. */
export async function drawPages(report: SlaReport, audience: Audience): Promise<Files> {
  const { renderHtml } = await import('../../reports/format/html.ts');
  const page = await rendered(report, audience);
  const html = { name: `${basename(page.name, '.md')}.html`, content: renderHtml(page) };
  const all = [{ name: page.name, content: page.markdown }, html, ...page.files];
  return new Map(all.map(({ name, content }) => [name, Buffer.from(content, 'utf8')]));
}
