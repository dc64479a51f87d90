/** The forms in which a report is written: Markdown with its charts always, one HTML file and a PDF where they are asked for. */
import { basename, join } from 'node:path';
import type { PdfOptions } from '../reports/format/pdf.ts';
import type { RenderedReport } from '../reports/rendered.ts';
import { writeFiles, writeReport, type Written } from '../reports/write.ts';
import { CommandError, EXIT } from './io.ts';

export const FORMATS = ['md', 'html', 'pdf'] as const;
export type Format = (typeof FORMATS)[number];

export interface Forms {
  readonly formats: readonly Format[];
  /** Who prints a PDF. */
  readonly browser: PdfOptions;
}

/** @param text such as "md,html,pdf". @throws CommandError */
export function formatsOf(text: string | undefined): readonly Format[] {
  const words = (text ?? 'md').split(',').map((word) => word.trim());
  return words.map((word) => {
    const format = FORMATS.find((each) => each === word);
    if (format !== undefined) return format;
    throw new CommandError(
      `--format: expected a list of ${FORMATS.join(', ')} such as "md,html", got ${JSON.stringify(text)}`,
      EXIT.usage,
    );
  });
}

/** @returns the paths of the documents, the Markdown first. @throws CommandError when one cannot be written; those before it are */
export async function writeDocuments(
  report: RenderedReport,
  folder: string,
  forms?: Forms,
): Promise<readonly string[]> {
  const formats = forms?.formats ?? [];
  const documents = [written(await writeReport(report, folder))];
  if (forms === undefined || !formats.some((format) => format !== 'md')) return documents;
  // Loaded by who asks for it: every other report does without.
  const { renderHtml } = await import('../reports/format/html.ts');
  const html = renderHtml(report);
  const name = basename(report.name, '.md');
  if (formats.includes('html')) {
    documents.push(written(await writeFiles([{ name: `${name}.html`, content: html }], folder)));
  }
  if (!formats.includes('pdf')) return documents;
  const { printPdf } = await import('../reports/format/pdf.ts');
  const printed = await printPdf(html, forms.browser);
  if (!printed.ok) {
    throw new CommandError(
      `${join(folder, `${name}.pdf`)}: not written: ${printed.message}; written are ${documents.join(', ')}`,
      EXIT.prober,
    );
  }
  documents.push(written(await writeFiles([{ name: `${name}.pdf`, content: printed.content }], folder)));
  return documents;
}

function written(result: Written): string {
  if (result.ok) return result.document;
  throw new CommandError(result.problem.message, EXIT.prober);
}
