import { slug } from '../rendered.ts';

/** A chart's file as a part of a page: its ids are its own, whatever other charts stand beside it. */
export function inlineSvg({ name, content }: { readonly name: string; readonly content: string }): string {
  const own = slug(name);
  return content
    .trimEnd()
    .replaceAll(/ id="([^"]+)"/g, ` id="${own}-$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${own}-$1)`);
}
