import { writeFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { formsOf } from './redaction.ts';

/** A page that no longer draws gives no picture. */
const DRAW_MS = 3000;

const FIELDS = 'input, textarea, select, [contenteditable]';

/** With every input field covered, what shows a secret in any of its forms, and what the configuration names. */
export async function takePicture(
  page: Page,
  path: string,
  { mask, secrets }: { readonly mask: readonly string[]; readonly secrets: ReadonlyMap<string, string> },
): Promise<void> {
  const forms = [...secrets.keys()].flatMap(formsOf);
  const covered = page
    .frames()
    .flatMap((frame) => [
      ...[FIELDS, ...mask].map((selector) => frame.locator(selector)),
      ...forms.map((form) => frame.getByText(form)),
    ]);
  const picture = await page.screenshot({ mask: covered, animations: 'disabled', timeout: DRAW_MS });
  await writeFile(path, picture, { mode: 0o600 });
}
