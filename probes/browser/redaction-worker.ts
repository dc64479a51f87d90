/** Rewrites one trace, beside the process that measures: `from` is a trace as Playwright wrote it, `to` what may be kept. */
import { readFileSync, writeFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { redactor } from './redaction.ts';
import { keptEvent, keptExchange, keptLines } from './trace-record.ts';

export interface RedactionTask {
  readonly from: string;
  readonly to: string;
  readonly secrets: ReadonlyMap<string, string>;
}

const KEPT = new Map([
  ['trace.trace', keptEvent],
  ['trace.network', keptExchange],
]);

function rewrite({ from, to, secrets }: RedactionTask): void {
  const redact = redactor(secrets);
  // What is not kept is not even unpacked.
  const files = unzipSync(readFileSync(from), { filter: ({ name }) => KEPT.has(name) });
  const kept = Object.entries(files).flatMap(([name, bytes]) => {
    const keep = KEPT.get(name);
    return keep === undefined ? [] : [[name, strToU8(keptLines(strFromU8(bytes), keep, redact))] as const];
  });
  writeFileSync(to, zipSync(Object.fromEntries(kept)), { mode: 0o600 });
}

const task: RedactionTask = workerData;
rewrite(task);
