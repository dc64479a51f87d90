import { describe, expect, test } from 'vitest';
import { code, image, page, table, text } from '../../reports/markdown.ts';
import { fileNames } from '../../reports/rendered.ts';

describe('Markdown', () => {
  test('foreign text starts no markup and keeps to one line', () => {
    expect(text('a | b <script> *x* _y_ [l](u) `c` & #h\n## head\u0007')).toBe(
      String.raw`a \| b \<script\> \*x\* \_y\_ \[l\](u) \`c\` &amp; \#h \#\# head`,
    );
  });

  test('code keeps backticks and pipes, and never breaks a table', () => {
    expect([code('plain'), code('a|b'), code('a`b'), code('`x`'), code('')]).toEqual([
      '`plain`',
      String.raw`${'`'}a\|b${'`'}`,
      '``a`b``',
      '`` `x` ``',
      '–',
    ]);
  });

  test('a table without rows is a sentence; missing cells are dashes', () => {
    const columns = [{ name: 'A' }, { name: 'B', align: 'right' as const }];
    expect(table(columns, [], 'Nothing.')).toBe('Nothing.');
    expect(table(columns, [['1', ''], ['2']], '')).toBe('| A | B |\n| --- | ---: |\n| 1 | – |\n| 2 | – |');
  });

  test('a page leaves no double gaps, and an image carries its description', () => {
    expect(page(['a', '', 'b'])).toBe('a\n\nb\n');
    expect(image('p95 [ms]', 'x.svg')).toBe(String.raw`![p95 \[ms\]](x.svg)`);
  });

  test('file names are plain, and no two ids share one', () => {
    const name = fileNames();
    expect([
      name('sla', 'A/b', 'svg'),
      name('sla', 'a:b', 'svg'),
      name('sla', '../..', 'svg'),
      name('', 'é', 'md'),
    ]).toEqual(['sla-a-b.svg', 'sla-a-b-2.svg', 'sla.svg', 'report.md']);
  });
});
