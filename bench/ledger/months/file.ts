/** The ledger of three months: made once from the seed, and kept in the bench's folder for the next time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { MIGRATIONS } from '../../../store/schema.ts';
import { DAY_MS, MINUTE_MS, PROBES, SEED } from './asked.ts';
import { configurationText } from './configuration.ts';

export interface Months {
  readonly folder: string;
  readonly runs: number;
  readonly days: number;
}

const HOUR_MS = 3_600_000;
/** Beyond this the newest windows would be half empty. */
const STALE_MS = 7 * DAY_MS;
const CONFIGURATION = 'pulsedrill.config.yaml';
const BUILT = 'built.json';
const builtSchema = z.object({ endMs: z.number() });

/** @param nowMs the present: its last whole hour is where the months end */
export async function monthsFile(
  parent: string,
  days: number,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<Months> {
  const folder = resolve(parent, `months-${Math.round(days * 24)}h-seed${SEED}-schema${MIGRATIONS.length}`);
  const months = { folder, days, runs: Math.round((days * DAY_MS) / MINUTE_MS) * PROBES.length };
  const built = join(folder, BUILT);
  if (existsSync(built) && nowMs - builtSchema.parse(JSON.parse(readFileSync(built, 'utf8'))).endMs < STALE_MS) {
    return months;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, CONFIGURATION), configurationText());
  const endMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const module = fileURLToPath(new URL('./build.ts', import.meta.url));
  const child = spawn(process.execPath, [module, folder, String(days), String(endMs)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    signal,
    killSignal: 'SIGKILL',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`the ledger of ${days} days was not made: ${code}`);
  writeFileSync(built, JSON.stringify({ endMs }));
  return months;
}
