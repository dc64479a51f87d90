/** `incident`: what is going on, by whose hand, and how its clocks stand. */
import { collectAgenda, incidentAgenda } from '../../reports/incident/agenda.ts';
import { incidentLog } from '../../reports/incident/log.ts';
import { deadlinesOf } from '../../slo/incidents/deadlines.ts';
import type { Incident } from '../../slo/incidents/incident.ts';
import type { Timing } from '../../slo/incidents/ladder.ts';
import { minuteText } from '../../slo/incidents/text.ts';
import type { Command } from '../command.ts';
import { incidentJson, isOwed, nextDue, stateOf } from '../incidents/standing.ts';
import { timingOf } from '../incidents/timing.ts';
import { EXIT } from '../io.ts';
import { evaluationPeriodMs } from '../judging.ts';
import { table } from '../table.ts';
import { ack, commander, held, note, open, raise, report, resolve, update } from './incident-acts.ts';
import { allIncidents, nowOf, theOne } from './incident-book.ts';
import { jsonOption, openConfiguration, openExisting, toJson } from './open.ts';

const list: Command = {
  name: 'list',
  describe: 'Incidents and tickets that are not over, or whose report or review is owed',
  example: ['incident list --service client-api', 'with what is due next; --all for those that are over as well'],
  build: (yargs) =>
    jsonOption(yargs)
      .option('all', { type: 'boolean', describe: 'those that are over as well' })
      .option('service', { type: 'string', describe: 'only of this service' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const [timing, atMs, service] = [timingOf(configuration.incidents), nowOf(io), args.text('service')];
    const shown = (await allIncidents(configuration))
      .filter((each) => args.flag('all') || each.resolved === null || isOwed(each))
      .filter((each) => service === undefined || each.service === service);
    if (args.flag('json')) io.print(toJson({ incidents: shown.map((each) => incidentJson(each, timing, atMs)) }));
    else io.print(shown.length === 0 ? 'no incident' : incidentTable(shown, timing, atMs));
    return EXIT.ok;
  },
};

function incidentTable(incidents: readonly Incident[], timing: Timing, atMs: number): string {
  return table(
    ['incident', 'severity', 'service', 'state', 'opened', 'due next', 'what'].map((head) => ({ head })),
    incidents.map((each) => {
      const next = nextDue(each, timing, atMs);
      const due = next === null ? '-' : `${next.what} ${minuteText(next.dueMs)}`;
      const state = stateOf(each);
      return [each.id, each.severity, each.service ?? '-', state, minuteText(each.openedMs), due, each.title];
    }),
  );
}

const log: Command = {
  name: 'log <id>',
  describe: 'Its log as Markdown: marks, clocks, who was told, everything that was said',
  example: ['incident log inc-20261124-1 > inc-20261124-1.md', '--json for what a script needs'],
  build: (yargs) =>
    jsonOption(yargs).positional('id', { type: 'string', describe: 'as incident list shows it', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const incident = theOne(await allIncidents(configuration), args.text('id') ?? '');
    const [timing, atMs] = [timingOf(configuration.incidents), nowOf(io)];
    if (args.flag('json')) {
      const entries = incident.log.map(({ atMs, body }) => ({ at: new Date(atMs).toISOString(), ...body }));
      io.print(toJson({ ...incidentJson(incident, timing, atMs), log: entries }));
      return EXIT.ok;
    }
    io.print(incidentLog(incident, { deadlines: deadlinesOf(incident, timing, atMs), nowMs: atMs }).trimEnd());
    return EXIT.ok;
  },
};

const review: Command = {
  name: 'review <id>',
  describe: 'The agenda of its review with product and customer success, as Markdown, filled from the record',
  example: ['incident review inc-20261124-1 > agenda.md', 'incident held says that it took place'],
  build: (yargs) =>
    jsonOption(yargs).positional('id', { type: 'string', describe: 'as incident list shows it', demandOption: true }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const incident = theOne(await allIncidents(configuration), args.text('id') ?? '');
    const atMs = nowOf(io);
    const own = configuration.objectives.filter(({ service }) => service === incident.service);
    const timing = timingOf(configuration.incidents);
    const deadlines = deadlinesOf(incident, timing, atMs);
    await using store = await openExisting(configuration);
    const periodMs = evaluationPeriodMs(configuration.base);
    const agenda = await collectAgenda(store, incident, own, { deadlines, nowMs: atMs, periodMs });
    if (args.flag('json')) {
      const { objectives, waivers, gamedays } = agenda;
      const judged = objectives.map(({ objective, ...rest }) => ({ objective: objective.id, ...rest }));
      const record = incidentJson(incident, timing, atMs);
      io.print(toJson({ incident: record, objectives: judged, waivers, gamedays }));
      return EXIT.ok;
    }
    io.print(incidentAgenda(agenda).trimEnd());
    return EXIT.ok;
  },
};

export const incident: Command = {
  name: 'incident',
  describe: 'Incidents, their clocks and their log: what is going on, who has it in hand, what is due',
  example: ['incident list', 'what goes on, and what is owed of what is over'],
  below: [list, log, open, ack, commander, note, update, raise, resolve, report, review, held],
};
