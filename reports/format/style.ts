/** How a report looks on a screen and on A4. No colour carries a meaning alone, no font is fetched. */

/** @param title printed at the foot of each page @param landscape for tables that a portrait page cannot hold */
export function styleSheet(title: string, landscape: boolean): string {
  return `
@page {
  size: A4 ${landscape ? 'landscape' : 'portrait'};
  margin: 15mm 13mm 17mm;
  @bottom-left { content: ${cssString(title)}; font: 8pt Helvetica, Arial, sans-serif; color: #5a5a5a; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt Helvetica, Arial, sans-serif; color: #5a5a5a; }
}
:root { color-scheme: light; }
body { margin: 0 auto; padding: 1.5rem; max-width: ${landscape ? '78rem' : '56rem'}; background: #fff; color: #1a1a1a; font: 15px/1.5 Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.7em; line-height: 1.25; margin: 0 0 .8em; }
h2 { font-size: 1.25em; margin: 2em 0 .6em; padding-bottom: .2em; border-bottom: 1px solid #1a1a1a; }
h3 { font-size: 1.05em; margin: 1.6em 0 .5em; }
h1, h2, h3 { break-after: avoid; overflow-wrap: anywhere; }
p, li { overflow-wrap: anywhere; orphans: 3; widows: 3; }
ul { padding-left: 1.3em; }
li { margin: .25em 0; }
a { color: inherit; }
code { font: .92em "Liberation Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
blockquote { margin: 1em 0; padding: .5em 1em; border: 2px solid #1a1a1a; font-weight: bold; }
blockquote p { margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #b5b5b5; padding: .6em; }
.table { overflow-x: auto; margin: 1em 0; }
table { border-collapse: collapse; width: 100%; font-size: .86em; line-height: 1.35; }
table.wide { font-size: .74em; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th, td { border: 1px solid #b5b5b5; padding: .3em .5em; text-align: left; vertical-align: top; overflow-wrap: break-word; min-width: 4.6em; }
td code, td a, .long { overflow-wrap: anywhere; }
.day { white-space: nowrap; }
th.right, td.right { min-width: 3em; overflow-wrap: break-word; }
th { background: #ececec; border-bottom: 2px solid #1a1a1a; overflow-wrap: break-word; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
table.bare thead { display: none; }
table.bare td:first-child { font-weight: bold; width: 24%; }
svg { display: block; width: 100%; height: auto; max-width: 60rem; break-inside: avoid; }
p:has(> svg) { break-inside: avoid; margin: .8em 0; }
p:not(:has(> svg)):has(+ p > svg) { break-after: avoid; break-inside: avoid; }
@media print {
  body { padding: 0; max-width: none; font-size: 9.5pt; }
  .table { overflow: visible; }
  .table:not(:has(tbody tr:nth-child(9))) { break-inside: avoid; }
  table { font-size: 8pt; }
  table.wide { font-size: 7pt; }
  h2 { margin-top: 1.4em; }
  svg { max-width: ${landscape ? '158mm' : '190mm'}; }
  a { text-decoration: none; }
}
`;
}

/** Whatever the text is, it stays a text: everything but plain letters is written by its number. */
function cssString(text: string): string {
  const escaped = Array.from(text, (letter) =>
    /[A-Za-z0-9 .,:-]/.test(letter) ? letter : `\\${(letter.codePointAt(0) ?? 0xfffd).toString(16)} `,
  );
  return `"${escaped.join('')}"`;
}
