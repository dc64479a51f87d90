/** What somebody says of an incident: it is recorded with who said it, and a running process hears of it within seconds. */
import { randomBytes } from 'node:crypto';
import type { Argv } from 'yargs';
import { didYouMean } from '../../probes/nearest.ts';
import type { Severity } from '../../slo/objective.ts';
import type { IncidentBody } from '../../slo/incidents/event.ts';
import type { Incident } from '../../slo/incidents/incident.ts';
import { openIncident } from '../incidents/opening.ts';
import { isTicket } from '../incidents/steps.ts';
import type { Args, Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { CommandError, EXIT } from '../io.ts';
import { given, linkOf, nowOf, readIncidents, say, warnUnkept, type Refusal } from './incident-book.ts';
import { jsonOption, openConfiguration, openLedger, toJson } from './open.ts';

const SEVERITIES = ['SEV-1', 'SEV-2', 'SEV-3'] as const;

const withBy = (yargs: Argv): Argv =>
  yargs.option('by', { type: 'string', describe: 'who says so; recorded', demandOption: true });
const withId = (yargs: Argv): Argv =>
  yargs.positional('id', { type: 'string', describe: 'as incident list shows it', demandOption: true });
const withLink = (yargs: Argv): Argv =>
  yargs.option('link', { type: 'string', describe: 'where more is written about it' });
const withText = (yargs: Argv): Argv =>
  yargs.positional('text', { type: 'string', describe: 'one line', demandOption: true });
const withReason = (yargs: Argv): Argv =>
  yargs.option('reason', { type: 'string', describe: 'why', demandOption: true });

const stillOpen: Refusal = ({ resolved }) =>
  resolved === null
    ? null
    : `is resolved since ${new Date(resolved.atMs).toISOString()}; open another with incident open`;
const isOver: Refusal = ({ resolved }) =>
  resolved === null ? 'is not resolved yet; incident resolve does that' : null;

export const open: Command = {
  name: 'open <title>',
  describe: 'Open an incident by hand, for a support case: on-call is paged, its clocks run',
  example: ['incident open "ACME cannot log in" --severity SEV-2 --service client-api --by cyd', 'prints its id'],
  build: (yargs) =>
    withLink(withBy(jsonOption(yargs)))
      .positional('title', { type: 'string', describe: 'one line', demandOption: true })
      .option('severity', { type: 'string', describe: 'SEV-1, SEV-2, or SEV-3: a ticket', demandOption: true })
      .option('service', { type: 'string', describe: 'that it is about', demandOption: true })
      .option('breach', { type: 'boolean', describe: 'an SLA is breached: an incident review follows' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const service = knownService(configuration, given(args, 'service'));
    const body = {
      severity: severityOf(args),
      title: given(args, 'title'),
      by: given(args, 'by'),
      alert: null,
      isBreach: args.flag('breach'),
      link: linkOf(args),
      nonce: randomBytes(4).toString('hex'),
    };
    await using store = await openLedger(configuration);
    const { timezone } = configuration.incidents;
    const taken = new Set((await readIncidents(store)).map(({ id }) => id));
    const record = async (event: Parameters<typeof store.recordEvents>[0][number]): Promise<boolean> => {
      await store.recordEvents([event]);
      return true;
    };
    const event = await openIncident({ store, record, timezone, nowMs: nowOf(io), taken }, service, body);
    const id = event.subject;
    const channel = typeof event.body['channel'] === 'string' ? event.body['channel'] : null;
    if (args.flag('json')) io.print(toJson({ id, channel }));
    else io.print(`${id}${channel === null ? '' : ` (${channel})`}: ${body.severity} of ${service}, ${body.title}`);
    warnUnkept(configuration, io);
    return EXIT.ok;
  },
};

/** @throws CommandError: a slip of the finger would call the wrong people */
function knownService({ services, probes, objectives }: Configuration, name: string): string {
  const known = [...new Set([...Object.keys(services), ...[...probes, ...objectives].map((each) => each.service)])];
  if (known.includes(name)) return name;
  const expected = `--service: expected one of the configuration's${didYouMean(name, known)}`;
  throw new CommandError(`${expected}, got ${JSON.stringify(name)}`, EXIT.usage);
}

/** @throws CommandError */
function severityOf(args: Args): Severity {
  const text = args.text('severity');
  const found = SEVERITIES.find((each) => each === text);
  if (found !== undefined) return found;
  throw new CommandError(`--severity: expected ${SEVERITIES.join(', ')}, got ${JSON.stringify(text)}`, EXIT.usage);
}

interface Act {
  readonly name: string;
  readonly describe: string;
  readonly example: Command['example'];
  readonly build?: (yargs: Argv) => Argv;
  readonly body: (args: Args, nowMs: number) => IncidentBody;
  readonly refuse?: (incident: Incident, args: Args) => string | null;
  readonly says: (args: Args) => string;
}

function act({ name, describe, example, build = (yargs) => yargs, body, refuse, says }: Act): Command {
  return {
    name,
    describe,
    example,
    build: (yargs) => withBy(withId(build(yargs))),
    async run(args, io) {
      const { id } = await say(
        args,
        io,
        (nowMs) => body(args, nowMs),
        (incident) => refuse?.(incident, args) ?? null,
      );
      io.print(`${id}: ${says(args)}`);
      return EXIT.ok;
    },
  };
}

const by = (args: Args): string => given(args, 'by');

export const ack = act({
  name: 'ack <id>',
  describe: 'Acknowledge: it is in hand, and whoever else was paged need not come',
  example: ['incident ack inc-20261124-1 --by ana', 'once more after it got worse'],
  body: (args, nowMs) => ({ type: 'acknowledged', by: by(args), via: 'command', happenedMs: nowMs }),
  refuse: stillOpen,
  says: (args) => `acknowledged by ${by(args)}`,
});

export const commander = act({
  name: 'commander <id>',
  describe: 'Name the incident commander',
  example: ['incident commander inc-20261124-1 --name bo --by ana', 'due five minutes into a SEV-1'],
  build: (yargs) => yargs.option('name', { type: 'string', describe: 'who commands; default: who says so' }),
  body: (args) => ({ type: 'commander', name: nameOf(args), by: by(args) }),
  refuse: stillOpen,
  says: (args) => `${nameOf(args)} commands`,
});

function nameOf(args: Args): string {
  return args.text('name') === undefined ? by(args) : given(args, 'name');
}

export const note = act({
  name: 'note <id> <text>',
  describe: 'Add a line to its log',
  example: ['incident note inc-20261124-1 "rolled back to 4.2" --by ana', 'with --link to what shows it'],
  build: (yargs) => withLink(withText(yargs)),
  body: (args) => ({ type: 'note', by: by(args), text: given(args, 'text'), link: linkOf(args) }),
  says: () => 'noted',
});

export const update = act({
  name: 'update <id> <text>',
  describe: 'Record an update of the status page, or a ticket’s weekly status: the next is due an interval later',
  example: ['incident update inc-20261124-1 "orders are delayed" --by cyd', 'with --link to the status page'],
  build: (yargs) => withLink(withText(yargs)),
  body: (args) => ({ type: 'status-posted', by: by(args), text: given(args, 'text'), link: linkOf(args) }),
  refuse: stillOpen,
  says: () => 'status recorded',
});

export const raise = act({
  name: 'raise <id>',
  describe: 'It is worse than it seemed: the clocks of the worse severity begin',
  example: ['incident raise inc-20261124-1 --severity SEV-1 --by ana --reason "all venues"', 'on-call is paged again'],
  build: (yargs) =>
    withReason(yargs)
      .option('severity', { type: 'string', describe: 'SEV-1 or SEV-2, a worse one', demandOption: true })
      .option('breach', { type: 'boolean', describe: 'an SLA is breached: an incident review follows' }),
  body: (args) => ({
    type: 'raised',
    severity: severityOf(args),
    by: by(args),
    reason: given(args, 'reason'),
    isBreach: args.flag('breach'),
  }),
  refuse(incident, args) {
    if (isTicket(incident)) return 'is a ticket; open an incident with incident open';
    const isWorse = severityOf(args) < incident.severity;
    return stillOpen(incident) ?? (isWorse ? null : `is ${incident.severity} already; a worse severity raises it`);
  },
  says: (args) => `raised to ${severityOf(args)}`,
});

export const resolve = act({
  name: 'resolve <id>',
  describe: 'It is over: its alerts are resolved with it, the post-incident report is due',
  example: ['incident resolve inc-20261124-1 --by ana --reason "rolled back"', 'what is still bad opens another'],
  build: withReason,
  body: (args) => ({ type: 'resolved', by: by(args), reason: given(args, 'reason') }),
  refuse: stillOpen,
  says: (args) => `resolved by ${by(args)}`,
});

export const report = act({
  name: 'report <id>',
  describe: 'The post-incident report is filed',
  example: ['incident report inc-20261124-1 --by ana --link https://wiki.example/1', 'due two days after the end'],
  build: withLink,
  body: (args) => ({ type: 'reported', by: by(args), link: linkOf(args) }),
  refuse: isOver,
  says: () => 'report filed',
});

export const held = act({
  name: 'held <id>',
  describe: 'The incident review took place',
  example: ['incident held inc-20261124-1 --by dee --link https://wiki.example/2', 'due a week after a breach'],
  build: withLink,
  body: (args) => ({ type: 'reviewed', by: by(args), link: linkOf(args) }),
  refuse: isOver,
  says: () => 'review held',
});
