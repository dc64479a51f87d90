/** What `gameday list` shows of the calendar, and `gameday cancel`. */
import { existsSync } from 'node:fs';
import { didYouMean } from '../../probes/nearest.ts';
import { systemClock } from '../clock.ts';
import type { Command } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { loadPlans } from '../found-scenarios.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { dateText, peopleText } from '../scheduled/notices.ts';
import { occurrenceEvent, occurrencesOf, type Occurrence, type Plan } from '../scheduled/occurrence.ts';
import { table } from '../table.ts';
import { named } from './gameday-duties.ts';
import { jsonOption, openConfiguration, openLedger, toJson } from './open.ts';

export interface Coming {
  readonly plan: Plan;
  /** Null: it never comes due again. */
  readonly forMs: number | null;
  readonly state: string;
}

/** The next date of each scheduled game-day, with what became of it so far. @throws CommandError */
export async function comingOf(configuration: Configuration, io: Io): Promise<readonly Coming[]> {
  const { plans, lines } = await loadPlans(configuration, io.env);
  if (lines.length > 0) throw new CommandError(lines.join('\n'), EXIT.usage);
  const known = plans.length === 0 ? [] : await occurrences(configuration);
  const nowMs = systemClock.wallMs();
  return plans.map((plan) => {
    const own = known.filter(({ schedule }) => schedule === plan.id);
    const current = own.find(({ isStarted, closed }) => isStarted && closed === null);
    const forMs = current?.forMs ?? plan.runs.after(nowMs);
    return { plan, forMs, state: stateText(own.find((each) => each.forMs === forMs)) };
  });
}

async function occurrences(configuration: Configuration): Promise<readonly Occurrence[]> {
  if (!existsSync(configuration.ledgerPath)) return [];
  await using store = await openLedger(configuration, true);
  return occurrencesOf(await store.events({ kind: 'gameday-schedule' }));
}

/** The last that is known of it. */
function stateText(occurrence: Occurrence | undefined): string {
  if (occurrence === undefined) return 'to come';
  const { closed, calledOff, isStarted, dryRun, isAnnounced } = occurrence;
  if (closed !== null) return `${closed.state}: ${closed.detail}`;
  if (isStarted) return 'under way';
  if (calledOff !== null) return calledOff;
  if (dryRun !== null) return dryRun.ok ? 'announced, dry run ok' : `announced, dry run failed: ${dryRun.detail}`;
  return isAnnounced ? 'announced' : 'to come';
}

export function comingTable(coming: readonly Coming[]): string {
  return table(
    ['scheduled', 'scenario', 'next', 'state', 'who'].map((head) => ({ head })),
    coming.map(({ plan, forMs, state }) => [
      plan.id,
      plan.scenario,
      forMs === null ? 'never' : dateText(forMs, plan.timezone),
      state,
      peopleText(plan),
    ]),
  );
}

export function comingJson({ plan, forMs, state }: Coming): Readonly<Record<string, unknown>> {
  const { id, timezone, lead, roles } = plan;
  return { id, next: forMs === null ? null : new Date(forMs).toISOString(), timezone, state, lead, roles };
}

export const cancel: Command = {
  name: 'cancel <schedule>',
  describe: 'Call off the next date of a scheduled game-day',
  example: [
    'gameday cancel monthly-feed --by ana --reason "a release that day"',
    '"run" tells whoever it was announced to',
  ],
  build: (yargs) =>
    jsonOption(yargs)
      .positional('schedule', { type: 'string', describe: 'an id of gamedays.schedule', demandOption: true })
      .option('by', { type: 'string', describe: 'who says so; recorded' })
      .option('reason', { type: 'string', describe: 'why; recorded and told' }),
  async run(args, io) {
    const [by, reason] = [named(args, 'cancel', 'by', 'NAME'), named(args, 'cancel', 'reason', 'TEXT')];
    const configuration = await openConfiguration(args, io);
    const id = args.text('schedule') ?? '';
    const coming = await comingOf(configuration, io);
    const found = coming.find(({ plan }) => plan.id === id);
    if (found?.forMs === undefined || found.forMs === null) {
      const ids = coming.map(({ plan }) => plan.id);
      const expected = ids.length === 0 ? 'an entry of gamedays.schedule, which is empty' : `one of ${ids.join(', ')}`;
      throw new CommandError(
        `gameday cancel: expected ${expected}${didYouMean(id, ids)}, got ${JSON.stringify(id)}`,
        EXIT.usage,
      );
    }
    const { plan, forMs, state } = found;
    if (state === 'under way') {
      const instead = 'pulsedrill gameday abort --by NAME --reason TEXT';
      throw new CommandError(`gameday cancel: ${id} is under way; stop it with: ${instead}`, EXIT.usage);
    }
    const detail = `called off by ${by}: ${reason}`;
    {
      await using store = await openLedger(configuration);
      await store.recordEvents([
        occurrenceEvent(plan, forMs, 'called-off', Math.round(systemClock.wallMs()), { detail }),
      ]);
    }
    const answer = `${id}, ${dateText(forMs, plan.timezone)}: ${detail}`;
    io.print(args.flag('json') ? toJson({ schedule: id, at: new Date(forMs).toISOString(), by, reason }) : answer);
    return EXIT.ok;
  },
};
