/** Looks at everything that a bundle can prove by itself. Each finding is a line that names the file and the figure. */
import type { KeyObject } from 'node:crypto';
import { disagreements } from './agreement.ts';
import { readContent, SEGMENTS, type Content } from './content.ts';
import { plural } from '../figures.ts';
import { EDITION, FIRST_WITH_PERIODS } from './edition.ts';
import { allFigures, differences, figuresOf, type Figures } from './figures.ts';
import { sha256, type Files } from './files.ts';
import { fingerprintOf, isSignedBy } from './key.ts';
import { configurationHash, MANIFEST, readManifest, SIGNATURE, type Manifest, type SegmentLine } from './manifest.ts';
import { firstDifference } from './pages.ts';
import type { Computed } from './report-data.ts';

export interface Finding {
  readonly file: string;
  readonly objective: string | null;
  readonly figure: string | null;
  readonly expected: string | null;
  readonly found: string | null;
  /** The whole line. */
  readonly text: string;
}

export interface Verification {
  readonly findings: readonly Finding[];
  /** What was looked at, a sentence each. */
  readonly checked: readonly string[];
  /** Null where it could not be read. */
  readonly manifest: Manifest | null;
  readonly content: Content | null;
}

export interface VerifyOptions {
  /** Null: nobody gave one; then nothing says who signed. */
  readonly key: KeyObject | null;
  readonly compute: (manifest: Manifest, content: Content) => Promise<Computed>;
  /** The files under `report/` once more; null: another edition of the pages drew them, which may read otherwise. */
  readonly render: (manifest: Manifest, content: Content, computed: Computed) => Promise<Files | null>;
}

export async function verifyBundle(files: Files, options: VerifyOptions): Promise<Verification> {
  const content = files.get(MANIFEST);
  if (content === undefined) return stopped([plain(MANIFEST, 'expected this file, got none')]);
  const signature = signatureFindings(content, files.get(SIGNATURE), options.key);
  const read = readManifest(Buffer.from(content).toString('utf8'));
  if (!read.ok) return stopped([...signature, plain(MANIFEST, read.problem)]);
  const { manifest } = read;
  const hashes = [...signature, ...keyFindings(manifest, options.key), ...fileFindings(files, manifest)];
  const checked = [
    options.key === null ? null : signature.length === 0 ? `the signature, by ${fingerprintOf(options.key)}` : null,
    `the hashes of ${manifest.files.length} files`,
  ].filter((each) => each !== null);
  const parts = readContent(files, manifest);
  if (!parts.ok) {
    const problems = parts.problems.map((problem) =>
      plain(problem.split(': ')[0] ?? '', problem.split(': ').slice(1).join(': ')),
    );
    return { findings: [...hashes, ...problems], checked, manifest, content: null };
  }
  const more = await contentFindings(manifest, parts.content, files, options);
  return {
    findings: [...hashes, ...more.findings],
    checked: [...checked, ...more.checked],
    manifest,
    content: parts.content,
  };
}

function stopped(findings: readonly Finding[]): Verification {
  return { findings, checked: [], manifest: null, content: null };
}

export function plain(file: string, said: string): Finding {
  return { file, objective: null, figure: null, expected: null, found: null, text: `${file}: ${said}` };
}

export function differing(
  file: string,
  { objective, figure, expected, found }: Record<'objective' | 'figure' | 'expected' | 'found', string>,
): Finding {
  const text = `${file}: ${objective === '' ? '' : `${objective}: `}${figure}: expected ${expected}, got ${found}`;
  return { file, objective: objective === '' ? null : objective, figure, expected, found, text };
}

function signatureFindings(
  content: Uint8Array,
  signature: Uint8Array | undefined,
  key: KeyObject | null,
): readonly Finding[] {
  if (signature === undefined) return [plain(SIGNATURE, 'expected this file, got none: nobody signed the manifest')];
  if (key === null) return [];
  if (isSignedBy(content, signature, key)) return [];
  return [
    plain(
      SIGNATURE,
      `it is no signature of manifest.json by ${fingerprintOf(key)}: one of the two was altered, or another key signed`,
    ),
  ];
}

function keyFindings({ key: named }: Manifest, key: KeyObject | null): readonly Finding[] {
  if (key === null || fingerprintOf(key) === named) return [];
  return [differing(MANIFEST, { objective: '', figure: 'key', expected: fingerprintOf(key), found: named })];
}

function fileFindings(files: Files, manifest: Manifest): readonly Finding[] {
  const known = new Map(manifest.files.map((each) => [each.name, each]));
  const own = new Set([MANIFEST, SIGNATURE]);
  const extra = [...files.keys()].filter((name) => !known.has(name) && !own.has(name));
  const twice = known.size === manifest.files.length ? [] : [plain(MANIFEST, 'files: it lists a name twice')];
  return [
    ...twice,
    ...extra.map((name) => plain(name, 'expected no such file: the manifest does not list it')),
    ...[...known.values()].flatMap(({ name, sha256: expected, bytes }) => {
      const content = files.get(name);
      if (content === undefined) return [plain(name, 'the manifest lists it, and it is not there')];
      const found = sha256(content);
      if (found !== expected) return [differing(name, { objective: '', figure: 'sha256', expected, found })];
      return content.length === bytes
        ? []
        : [differing(name, { objective: '', figure: 'bytes', expected: String(bytes), found: String(content.length) })];
    }),
  ];
}

async function contentFindings(
  manifest: Manifest,
  content: Content,
  files: Files,
  { compute, render }: VerifyOptions,
): Promise<Pick<Verification, 'findings' | 'checked'>> {
  let computed: Computed;
  try {
    computed = await compute(manifest, content);
  } catch (error) {
    return { findings: [plain(MANIFEST, `its figures cannot be computed: ${message(error)}`)], checked: [] };
  }
  const { statuses, without } = computed;
  // An earlier edition did not say how much of a window was measured.
  const wanted = manifest.tool.edition < FIRST_WITH_PERIODS ? statuses.map(figuresOf) : allFigures(computed);
  const findings = [
    ...configurationFindings(manifest),
    ...disagreements(manifest, content.report).map((each) => differing(MANIFEST, { objective: '', ...each })),
    ...figureFindings('figures', manifest.figures, wanted),
    ...figureFindings('withoutExclusions', manifest.withoutExclusions, without.map(figuresOf)),
    ...incidentFindings(manifest, content),
    ...segmentFindings(manifest, content.segments),
  ];
  const figures = [
    `${statuses.length} objectives and their figures, from the tallies`,
    ...(without.length === 0 ? [] : [`${without.length} without what was excluded`]),
    `${plural(content.segments.length, 'segment hash', 'segment hashes')}, that they follow each other`,
  ];
  try {
    const rendered = await render(manifest, content, computed);
    if (rendered === null) {
      const said = `the report's text by its hash alone: edition ${manifest.tool.edition} of the page drew it (pulsedrill ${manifest.tool.version}), and this is edition ${EDITION}; its figures were compared by value`;
      return { findings, checked: [...figures, said] };
    }
    return {
      findings: [...findings, ...renderedFindings(files, rendered)],
      checked: [...figures, `${rendered.size} pages and charts, drawn again from the data`],
    };
  } catch (error) {
    return {
      findings: [...findings, plain('data/report.json', `nothing can be drawn from it: ${message(error)}`)],
      checked: figures,
    };
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function configurationFindings({ definitions, base, configuration }: Manifest): readonly Finding[] {
  const expected = configurationHash(definitions, base);
  if (expected === configuration) return [];
  return [differing(MANIFEST, { objective: '', figure: 'configuration', expected, found: configuration })];
}

function figureFindings(list: string, claimed: Manifest['figures'], computed: readonly Figures[]): readonly Finding[] {
  const found = new Map(claimed.map((each) => [each.objective, each]));
  const wanted = new Set(computed.map(({ objective }) => objective));
  const prefix = list === 'figures' ? '' : `${list}.`;
  const strangers = claimed.filter(({ objective }) => !wanted.has(objective));
  return [
    ...(found.size === claimed.length ? [] : [plain(MANIFEST, `${list}: an objective stands there twice`)]),
    ...strangers.map(({ objective }) => plain(MANIFEST, `${list}: ${objective} has figures and no tallies`)),
    ...computed.flatMap((expected) => {
      const { objective } = expected;
      const own = found.get(objective);
      if (own === undefined) return [plain(MANIFEST, `${list}: expected the figures of ${objective}, got none`)];
      return differences('', expected, own).map((each) =>
        differing(MANIFEST, { objective, ...each, figure: `${prefix}${each.figure}` }),
      );
    }),
  ];
}

/** How long an incident lasted within the range follows from its ends; that it is the page's, from the page's data. */
function incidentFindings({ incidents, query }: Manifest, { report }: Content): readonly Finding[] {
  const wrong = incidents.flatMap(({ id, openedMs, resolvedMs, withinMs }) => {
    const expected = Math.max(0, Math.min(resolvedMs ?? query.toMs, query.toMs) - Math.max(openedMs, query.fromMs));
    return expected === withinMs
      ? []
      : [
          differing(MANIFEST, {
            objective: '',
            figure: `incidents ${id} withinMs`,
            expected: String(expected),
            found: String(withinMs),
          }),
        ];
  });
  const shown: unknown = typeof report === 'object' && report !== null && 'incidents' in report ? report.incidents : [];
  const pick = (value: unknown): unknown => {
    const cells = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
    return Object.fromEntries(['id', 'openedMs', 'resolvedMs', 'withinMs'].map((key) => [key, cells.get(key)]));
  };
  const own = Array.isArray(shown) ? shown.map(pick) : [];
  return [
    ...wrong,
    ...differences('incidents', own, incidents).map((each) => differing(MANIFEST, { objective: '', ...each })),
  ];
}

/** That each segment begins with the head at which the one before it ended. */
function segmentFindings({ segments: claimed }: Manifest, segments: readonly SegmentLine[]): readonly Finding[] {
  const chained = segments.flatMap((segment, index) => {
    const before = segments[index - 1];
    const isNext = before !== undefined && before.number + 1 === segment.number;
    const wrong: Finding[] = [];
    if (before !== undefined && segment.number <= before.number) {
      wrong.push(plain(SEGMENTS, `segment ${segment.number} stands after segment ${before.number}`));
    }
    if (isNext && before.head !== segment.previous) {
      const figure = `segment ${segment.number} previous`;
      wrong.push(differing(SEGMENTS, { objective: '', figure, expected: before.head, found: segment.previous }));
    }
    if (isNext && before.lastSeq + 1 !== segment.firstSeq) {
      const figure = `segment ${segment.number} firstSeq`;
      wrong.push(
        differing(SEGMENTS, {
          objective: '',
          figure,
          expected: String(before.lastSeq + 1),
          found: String(segment.firstSeq),
        }),
      );
    }
    return wrong;
  });
  const said = differences('segments', summaryOf(segments), claimed);
  return [...chained, ...said.map((each) => differing(MANIFEST, { objective: '', ...each }))];
}

export function summaryOf(segments: readonly SegmentLine[]): Manifest['segments'] {
  return {
    count: segments.length,
    results: segments.reduce((sum, { results }) => sum + results, 0),
    first: segments[0]?.number ?? null,
    last: segments.at(-1)?.number ?? null,
    head: segments.at(-1)?.head ?? null,
  };
}

function renderedFindings(files: Files, rendered: Files): readonly Finding[] {
  const drawn = [...rendered].flatMap(([name, expected]) => {
    const found = files.get(name);
    if (found === undefined) return [plain(name, 'the data draw this file, and it is not there')];
    if (Buffer.compare(expected, found) === 0) return [];
    const { line, ...texts } = firstDifference(expected, found);
    return [differing(name, { objective: '', figure: `line ${line}`, ...texts })];
  });
  // What this version does not draw (a PDF) is tied by its hash alone.
  const strangers = [...files.keys()].filter(
    (name) => /^report\/.*\.(?:md|svg|html)$/.test(name) && !rendered.has(name),
  );
  return [...drawn, ...strangers.map((name) => plain(name, 'the data do not draw this file'))];
}
