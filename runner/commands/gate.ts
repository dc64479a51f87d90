import { randomBytes } from 'node:crypto';
import { didYouMean } from '../../probes/nearest.ts';
import { durationText } from '../../probes/duration.ts';
import { governs } from '../../slo/objective.ts';
import { holderOf } from '../../store/lease.ts';
import type { LedgerEvent } from '../../store/store.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { evaluateAll } from '../evaluation.ts';
import { admit, gateOf, type Waiver } from '../gate.ts';
import { gateData, type GateData } from '../gate-data.ts';
import { CommandError, EXIT } from '../io.ts';
import { isGoing, stateOf } from '../incidents/standing.ts';
import { readIncidents } from './incident-book.ts';
import { jsonOption, openConfiguration, openLedger, toJson } from './open.ts';
import { openReader, readOption } from './read.ts';

export const gate: Command = {
  name: 'gate <service>',
  describe: 'The deploy gate: open, needs sign-off, or frozen, with the reason',
  example: ['gate client-api --environment production', 'exit 0 open, 1 needs sign-off or frozen, 3 nothing is known'],
  build: (yargs) =>
    readOption(jsonOption(yargs))
      .positional('service', { type: 'string', describe: 'that the deploy touches', demandOption: true })
      .option('environment', { type: 'string', describe: 'where the deploy goes; refused if another one is measured' })
      .option('signed-off-by', { type: 'string', describe: 'who of SRE signs this deploy off; recorded' })
      .option('critical', { type: 'boolean', describe: 'the deploy is critical; with --by' })
      .option('by', { type: 'string', describe: 'who says that it is critical; recorded' })
      .option('reason', { type: 'string', describe: 'why; recorded' }),
  async run(args, io) {
    const waiver = waiverOf(args);
    const configuration = await openConfiguration(args, io);
    const service = args.text('service') ?? '';
    refuseUnknown(configuration, service, args.text('environment'));
    const nowMs = Math.round(io.clock.wallMs());
    const objectives = configuration.objectives.filter((each) => each.service === service && governs(each));
    const isKept = holderOf(configuration.ledgerPath) !== null;
    const { data, answer, incidents } = await (async () => {
      await using store = await openReader(configuration, args, { nowMs, io });
      const found = await gateData(store, configuration, service, nowMs, isKept);
      const statuses = await evaluateAll(store, objectives, { base: configuration.base, nowMs });
      const going = (await readIncidents(store)).filter((each) => each.service === service && isGoing(each));
      return { data: found, answer: gateOf(statuses, found), incidents: going };
    })();
    const admission = admit(answer, waiver);
    if (admission.isWaived && waiver !== null) {
      const { gate: was, colour, because } = answer;
      const { environment } = configuration;
      const body = { gate: was, colour, because, environment, ageMs: data.ageMs, ...waiver };
      const id = `gate/${service}/${nowMs}/${randomBytes(4).toString('hex')}`;
      const event: LedgerEvent = { id, atMs: nowMs, kind: 'gate', service, subject: service, body };
      // Not recorded is not opened: a ledger that refuses it ends the command before it answers.
      await using store = await openLedger(configuration);
      await store.recordEvents([event]);
    }
    if (args.flag('json')) {
      const { isAdmitted, advice } = admission;
      const { environment } = configuration;
      io.print(
        toJson({
          service,
          environment,
          ...answer,
          admitted: isAdmitted,
          advice,
          data,
          incidents: incidents.map(({ id }) => id),
          waiver,
        }),
      );
      return admission.exitCode;
    }
    io.print(`${service} (${configuration.environment}): ${answer.reason}`);
    if (admission.advice !== null) io.print(admission.advice);
    for (const each of incidents) io.print(`${each.id} goes on (${each.severity}, ${stateOf(each)}): ${each.title}`);
    io.print(dataText(data));
    for (const { objective, because } of answer.unknown) io.print(`Unknown, and not counted: ${objective}: ${because}`);
    return admission.exitCode;
  },
};

/** @throws CommandError when what a person has to say for it is incomplete */
function waiverOf(args: Args): Waiver | null {
  const [signedOffBy, by, reason] = ['signed-off-by', 'by', 'reason'].map((name) => args.text(name)?.trim());
  const isCritical = args.flag('critical');
  const asked = (name: string): CommandError =>
    new CommandError(`gate: expected ${name}, so that it can be recorded, got nothing`, EXIT.usage);
  if (isCritical && signedOffBy !== undefined) {
    throw new CommandError('gate: expected one of --signed-off-by and --critical, got both', EXIT.usage);
  }
  if (!isCritical && signedOffBy === undefined) {
    if (by === undefined && reason === undefined) return null;
    throw new CommandError(
      'gate: expected --signed-off-by or --critical with --by and --reason, got neither',
      EXIT.usage,
    );
  }
  const name = isCritical ? by : signedOffBy;
  if (name === undefined || name === '') throw asked(isCritical ? '--by NAME' : '--signed-off-by NAME');
  if (reason === undefined || reason === '') throw asked('--reason TEXT');
  return { how: isCritical ? 'critical' : 'signed-off', by: name, reason };
}

/** @throws CommandError: a gate that answers for the wrong service or place is worse than none */
function refuseUnknown({ environment, services, probes, objectives }: Configuration, service: string, goes?: string) {
  if (goes !== undefined && goes !== environment) {
    throw new CommandError(
      `gate: --environment: expected ${JSON.stringify(environment)}, which this configuration measures, got ${JSON.stringify(goes)}`,
      EXIT.usage,
    );
  }
  const known = [...new Set([...Object.keys(services), ...[...probes, ...objectives].map((each) => each.service)])];
  if (known.includes(service)) return;
  throw new CommandError(
    `gate: expected one of the services ${known.join(', ')}${didYouMean(service, known)}, got ${JSON.stringify(service)}`,
    EXIT.usage,
  );
}

function dataText({ newestMs, ageMs, maxAgeMs, isKept, isStale }: GateData): string {
  const kept = isKept ? 'a runner keeps the ledger' : 'no runner keeps the ledger';
  if (newestMs === null || ageMs === null) return `data: none; ${kept}`;
  const limit = isStale && maxAgeMs !== null ? `, older than ${durationText(maxAgeMs)}` : '';
  return `data: up to ${new Date(newestMs).toISOString()}, ${Math.round(ageMs / 1000)} s ago${limit}; ${kept}`;
}
