import { readFileSync } from 'node:fs';

/** The package's version, as its package.json says: one folder up in a checkout, two in the published package. */
export const VERSION: string = read();

function read(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
    } catch {
      // not there
    }
  }
  return 'unknown';
}
