import { systemClock } from '../clock.ts';
import type { Args, Command } from '../command.ts';
import { defaultFile } from '../config/default-file.ts';
import { clockSchema } from '../config/schema.ts';
import { checkBrowser, checkClock, checkInjectors, checkLedger, checkLoop, checkTargets } from '../doctor/checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkInflux } from '../doctor/influx.ts';
import { checkSources } from '../doctor/sources.ts';
import { checkIncidents } from '../doctor/incidents.ts';
import { checkNotifiers, tryNotifiers } from '../doctor/notifiers.ts';
import { EXIT, type Io } from '../io.ts';
import { jsonOption, openConfiguration, toJson } from './open.ts';

export const doctor: Command = {
  name: 'doctor',
  describe: 'Look at what a run will need: clock, event loop, ledger, InfluxDB, sources, fault proxy, browser, targets',
  example: ['doctor --clock', 'only the clock; exit 1 beyond its limit, 3 when nothing knows it'],
  build: (yargs) =>
    jsonOption(yargs)
      .option('clock', { type: 'boolean', describe: 'only the clock; needs no configuration' })
      .option('notify', { type: 'boolean', describe: 'only the notifiers: a test notice to each, and its end' }),
  async run(args, io) {
    const findings = await findingsOf(args, io);
    if (args.flag('json')) io.print(toJson(findings));
    else for (const finding of findings) io.print(lineOf(finding));
    return exitCodeOf(findings, args.flag('clock'));
  },
};

async function findingsOf(args: Args, io: Io): Promise<readonly Finding[]> {
  if (args.flag('clock')) return [await onlyClock(args, io)];
  if (args.flag('notify')) return tryNotifiers(await openConfiguration(args, io), systemClock, io.stop);
  return everything(args, io);
}

const path = (io: Io): string => io.env['PATH'] ?? '';

/** The limits of the configuration if there is one: a machine's image is checked before it has any. */
async function onlyClock(args: Args, io: Io): Promise<Finding> {
  const isConfigured = args.text('config') !== undefined || defaultFile(io.folder) !== undefined;
  const clock = isConfigured ? (await openConfiguration(args, io)).clock : clockSchema.parse({});
  return checkClock(clock, path(io), io.stop);
}

async function everything(args: Args, io: Io): Promise<readonly Finding[]> {
  const configuration = await openConfiguration(args, io);
  const { redact } = configuration;
  const findings = [
    await checkClock(configuration.clock, path(io), io.stop),
    // Before the others, which would keep the loop busy.
    await checkLoop(systemClock, configuration.loopToleranceMs, io.stop),
    await checkLedger(configuration),
    ...(await checkInflux(configuration, io.clock.wallMs(), io.stop)),
    ...(await checkInjectors(configuration, io.stop)),
    ...(await checkSources(configuration, systemClock, io.stop)),
    ...checkIncidents(configuration),
    ...(await checkNotifiers(configuration, systemClock)),
    ...(await checkBrowser(configuration, path(io))),
    ...(await checkTargets(configuration, systemClock)),
  ];
  // An address may hold a secret, and who answers may say what it was asked.
  return findings.map(({ check, found, mend, verdict }) => ({
    check: redact(check),
    verdict,
    found: redact(found),
    mend: mend === null ? null : redact(mend),
  }));
}

function lineOf({ check, verdict, found, mend }: Finding): string {
  return `${verdict.padEnd(7)}  ${check}: ${found}${mend === null ? '' : `; ${mend}`}`;
}

/** A clock that nobody knows is no reason not to probe, but a check of nothing else must not pass on it. */
function exitCodeOf(findings: readonly Finding[], isClockOnly: boolean): number {
  if (findings.some(({ verdict }) => verdict === 'fail')) return EXIT.failed;
  return isClockOnly && findings.some(({ verdict }) => verdict === 'unknown') ? EXIT.prober : EXIT.ok;
}
