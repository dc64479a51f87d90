/** That the manifest and the data of the page say one thing of the document: which it is, of what range, from where. */
import { differences, type Difference } from './figures.ts';
import type { Manifest } from './manifest.ts';

/** @param report what `data/report.json` holds */
export function disagreements({ document, query, tool, key }: Manifest, report: unknown): readonly Difference[] {
  const said = cellsOf(report);
  const own = cellsOf(said.get('document'));
  const restates = own.get('restates');
  const drawn = {
    document: {
      number: own.get('number'),
      restates: restates === null ? null : cellsOf(restates).get('number'),
      key: own.get('key'),
    },
    query: Object.fromEntries(SAID_TWICE.map((name) => [name, said.get(name)])),
    tool: cellsOf(said.get('tool')).get('version'),
  };
  const claimed = {
    document: { number: document.number, restates: document.restates?.number ?? null, key },
    query: Object.fromEntries(SAID_TWICE.map((name) => [name, query[name]])),
    tool: tool.version,
  };
  return differences('', drawn, claimed);
}

const SAID_TWICE = ['environment', 'location', 'fromMs', 'toMs', 'asOfMs'] as const;

function cellsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
