import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderChart } from '../../../reports/chart.ts';
import { renderHtml } from '../../../reports/format/html.ts';
import { code, image, list, page, table, text } from '../../../reports/markdown.ts';
import type { RenderedReport } from '../../../reports/rendered.ts';

const HOSTILE = `<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://evil.example/x.png) </style> " onload="x`;

function chart(title: string): string {
  const panel = { name: null, unit: 'ms', scale: 'linear', limits: [{ value: 3, name: title }] } as const;
  const series = [
    { name: 'p50', draw: 'line', look: 'main', points: [[0, 1] as const, [60_000, 4] as const] },
  ] as const;
  return renderChart({ title, description: title, fromMs: 0, toMs: 60_000, panels: [{ ...panel, series }] });
}

function report(columns = 3, word = 'plain'): RenderedReport {
  const heads = Array.from(
    { length: columns },
    (_, n) => ({ name: `c${n}`, align: n === 1 ? 'right' : 'left' }) as const,
  );
  return {
    name: 'sla.md',
    markdown: page([
      `# Evidence: ${text(word)}`,
      image('a chart', 'a.svg'),
      image('its twin', 'b.svg'),
      image('gone', 'c.svg'),
      table(heads, [heads.map(() => code(word))], ''),
      list([text(word)]),
    ]),
    files: [
      { name: 'a.svg', content: chart(word) },
      { name: 'b.svg', content: chart(word) },
    ],
  };
}

/** What a reader's browser would fetch, run, or style against the policy. */
function dangers(html: string): readonly string[] {
  const body = html.slice(html.indexOf('<body>'));
  return [
    ...html.matchAll(/<(?:script|link|iframe|object|embed|base|img|image|foreignObject)\b[^>]*>/gi),
    ...body.matchAll(/<[a-z][^<>]*\s(?:on[a-z]+|style|src|srcset|xlink:href)=/gi),
    ...body.matchAll(/<a [^>]*href="(?!https?:|mailto:)[^"]*"/gi),
    ...body.matchAll(/<style\b/gi),
  ].map(([found]) => found);
}

describe('a report as one HTML file', () => {
  test('holds its charts, with ids of their own, and says where one is missing', () => {
    const html = renderHtml(report());
    expect(html.match(/<svg role="img"/g)).toHaveLength(2);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(target);
    expect(html).toContain('<em>gone</em>');
    expect(html).toContain('<title>Evidence: plain</title>');
  });

  test('permits by its policy its own style sheet and nothing else', () => {
    const html = renderHtml(report());
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(html) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">`,
    );
    expect(style).not.toMatch(/url\(|@import|https?:/);
  });

  test('shows what came from outside as text', () => {
    const html = renderHtml(report(3, HOSTILE));
    expect(dangers(html)).toEqual([]);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html.split('</style>')).toHaveLength(2);
  });

  test('runs and fetches nothing, whatever Markdown it is made of', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<img src=x onerror=alert(1)>',
        '[a](javascript:x)',
        '<https://a.example>',
        '![p](data:text/html,x)',
        '|',
        '```',
        '<!--',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(dangers(renderHtml({ ...report(), markdown: pieces.join('\n') }))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('turns its pages where a table is too wide for them, and sets numbers to the right without a style attribute', () => {
    expect(renderHtml(report(8))).toContain('size: A4 portrait;');
    const wide = renderHtml(report(9));
    expect(wide).toContain('size: A4 landscape;');
    // Two charts to a page, whichever way it lies.
    expect(renderHtml(report(8))).toContain('svg { max-width: 190mm; }');
    expect(wide).toContain('svg { max-width: 158mm; }');
    expect(wide).toContain('<table class="wide">');
    expect(wide).toContain('<td class="right"><code>plain</code></td>');
  });

  test('tears no day at its hyphens, and breaks within a word only what no cell can hold', () => {
    const made = {
      name: 'a.md',
      markdown: page(['# From 2026-11-28 to x-2026-11-28', text('a "host".example/of&a<long>name')]),
      files: [],
    };
    const html = renderHtml(made);
    expect(html).toContain('<h1>From <span class="day">2026-11-28</span> to x-2026-11-28</h1>');
    expect(html).toContain('<p>a <span class="long">&quot;host&quot;.example/of&amp;a&lt;long&gt;name</span></p>');
  });

  test('is the same to the byte when it is made twice', () => {
    expect(renderHtml(report(9, HOSTILE))).toBe(renderHtml(report(9, HOSTILE)));
  });
});
