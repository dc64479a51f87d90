/** `npm run bench`: what the parts cost, each against a peer in the same run. docs/performance.md explains the figures. */
import { parseArgs } from 'node:util';
import { FULL, QUICK, type Finding, type Run } from './figure.ts';
import { accuracyFigures } from './accuracy/figures.ts';
import { exportFigures } from './export/figures.ts';
import { httpFigures, httpsFigures, keptFigures } from './http/figures.ts';
import { ledgerFigures } from './ledger/figures.ts';
import { loopFigures } from './ledger/loop/figures.ts';
import { monthsFigures } from './ledger/months/figures.ts';
import { proxyFigures } from './proxy/figures.ts';
import { machine, reportText, type Report } from './report.ts';
import { scheduleFigures } from './schedule/figures.ts';
import { sloFigures } from './slo/figures.ts';
import { ticksFigures } from './ticks/figures.ts';

const SUITES: Readonly<Record<string, (run: Run) => Promise<readonly Finding[]>>> = {
  http: httpFigures,
  kept: keptFigures,
  https: httpsFigures,
  ticks: ticksFigures,
  slo: sloFigures,
  ledger: ledgerFigures,
  loop: loopFigures,
  months: monthsFigures,
  export: exportFigures,
  accuracy: accuracyFigures,
  schedule: scheduleFigures,
  proxy: proxyFigures,
};

/** Ten million runs take a while to make: only when asked for, or as a handful. */
const LONG = 'months';

const HELP = `npm run bench -- [--quick] [--json] [--only http,kept,https,ticks,slo,ledger,loop,months,export,accuracy,schedule,proxy] [--folder FOLDER]

  --quick    short rounds: a smoke test in about a minute, not figures to quote
  --json     one JSON document on standard output, nothing else there
  --only     only these suites; default: all but months, which first makes a ledger of ten million runs and keeps it
  --folder   where the ledger's files are written and removed again (default: out); on the disk that is to be measured

Example: npm run -s bench -- --json > figures.json`;

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly suites: readonly string[];
  readonly folder: string;
}

/** What was asked for; a text instead says what is wrong with it, or is the help. */
function optionsOf(args: readonly string[]): Options | { readonly text: string; readonly exit: 0 | 2 } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        only: { type: 'string' },
        folder: { type: 'string', default: 'out' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { text: HELP, exit: 0 };
    const usual = Object.keys(SUITES).filter((name) => values.quick || name !== LONG);
    const suites = values.only?.split(',') ?? usual;
    const stranger = suites.find((name) => SUITES[name] === undefined);
    if (stranger !== undefined) {
      const known = Object.keys(SUITES).join(', ');
      return { text: `--only: expected some of ${known}, got ${JSON.stringify(stranger)}`, exit: 2 };
    }
    return { quick: values.quick, json: values.json, suites, folder: values.folder };
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), exit: 2 };
  }
}

async function bench(options: Options, signal: AbortSignal): Promise<Report> {
  const startedAt = new Date().toISOString();
  const effort = options.quick ? QUICK : FULL;
  const figures: Finding[] = [];
  for (const name of options.suites) {
    console.error(`${name} …`);
    figures.push(...((await SUITES[name]?.({ effort, signal, folder: options.folder })) ?? []));
  }
  return { startedAt, machine: machine(), effort, figures };
}

const options = optionsOf(process.argv.slice(2));
if ('text' in options) {
  (options.exit === 0 ? console.log : console.error)(options.text);
  process.exitCode = options.exit;
} else {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  try {
    const report = await bench(options, interrupt.signal);
    console.log(options.json ? JSON.stringify(report, null, 2) : reportText(report));
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    console.error('interrupted');
    process.exitCode = 130;
  }
}
