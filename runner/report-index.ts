/** What lies in a folder of reports, newest first. Made from the folder alone, so that nothing has to be remembered. */
import { readdir } from 'node:fs/promises';
import { list, page, table } from '../reports/markdown.ts';
import { writeDocuments, type Forms } from './documents.ts';

const DATED = /^(weekly|monthly|quarterly)-(\d{4}-\d{2}-\d{2})\.md$/;

const NAMES: Readonly<Record<string, string>> = {
  weekly: 'Weekly error-budget review',
  monthly: 'Monthly review of definitions and thresholds',
  quarterly: 'Quarterly SLA review',
};

/** `index.md`, and `index.html` where HTML is asked for. @throws CommandError when it cannot be written */
export async function writeIndex(folder: string, forms: Forms): Promise<void> {
  const formats = forms.formats.filter((format) => format !== 'pdf');
  await writeDocuments({ name: 'index.md', markdown: indexOf(await readdir(folder)), files: [] }, folder, {
    ...forms,
    formats,
  });
}

/** @param names of the folder's files */
export function indexOf(names: readonly string[]): string {
  const present = new Set(names);
  const dated = names.flatMap((name) => {
    const [, kind = '', day = ''] = DATED.exec(name) ?? [];
    return kind === '' ? [] : [{ name, kind, day }];
  });
  const others = names
    .filter((name) => /^[a-z0-9-]+\.md$/.test(name) && name !== 'index.md' && !DATED.test(name))
    .toSorted();
  const rows = dated.toSorted((a, b) => (a.day === b.day ? (a.name < b.name ? -1 : 1) : a.day < b.day ? 1 : -1));
  return page([
    '# Reports',
    table(
      [{ name: 'Up to' }, { name: 'Document' }, { name: 'Forms' }],
      rows.map(({ name, kind, day }) => [day, NAMES[kind] ?? kind, formsText(name, present)]),
      'No review has been written yet.',
    ),
    ...(others.length === 0 ? [] : ['## Other documents', list(others.map((name) => formsText(name, present)))]),
  ]);
}

function formsText(name: string, present: ReadonlySet<string>): string {
  const stem = name.slice(0, -'.md'.length);
  return ['md', 'html', 'pdf']
    .map((form) => `${stem}.${form}`)
    .filter((file) => present.has(file))
    .map((file) => `[${file}](${file})`)
    .join(', ');
}
