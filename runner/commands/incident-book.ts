/** What the commands about incidents have in common: finding one, and adding to its record. */
import { randomBytes } from 'node:crypto';
import { didYouMean } from '../../probes/nearest.ts';
import type { IncidentBody } from '../../slo/incidents/event.ts';
import { incidentsOf, type Incident } from '../../slo/incidents/incident.ts';
import { holderOf } from '../../store/lease.ts';
import type { StoreReader } from '../../store/store.ts';
import type { Args } from '../command.ts';
import type { Configuration } from '../config/configuration.ts';
import { isIncidentEvent } from '../incidents/book.ts';
import { eventOf } from '../incidents/steps.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { openConfiguration, openExisting, openLedger } from './open.ts';

export function nowOf({ clock }: Pick<Io, 'clock'>): number {
  return Math.round(clock.wallMs());
}

export async function readIncidents(store: Pick<StoreReader, 'events'>): Promise<readonly Incident[]> {
  return incidentsOf((await store.events({ kind: 'incident' })).filter(isIncidentEvent));
}

export async function allIncidents(configuration: Configuration): Promise<readonly Incident[]> {
  await using store = await openExisting(configuration);
  return await readIncidents(store);
}

/** @throws CommandError when there is none of that id */
export function theOne(incidents: readonly Incident[], id: string): Incident {
  const found = incidents.find((each) => each.id === id);
  if (found !== undefined) return found;
  const known = incidents.map((each) => each.id);
  const expected = `incident: expected the id of one, as incident list --all shows it${didYouMean(id, known)}`;
  throw new CommandError(`${expected}, got ${JSON.stringify(id)}`, EXIT.usage);
}

/** A word that somebody gave. @throws CommandError when it is empty */
export function given(args: Args, name: string): string {
  const text = args.text(name)?.trim() ?? '';
  if (text !== '') return text;
  throw new CommandError(`--${name}: expected a word that can be recorded, got nothing`, EXIT.usage);
}

/** @throws CommandError */
export function linkOf(args: Args): string | null {
  const text = args.text('link');
  if (text === undefined) return null;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new CommandError(
    `--link: expected an address such as "https://wiki.example/1", got ${JSON.stringify(text)}`,
    EXIT.usage,
  );
}

/** @throws CommandError with what is wrong with this word about this incident */
export type Refusal = (incident: Incident) => string | null;

/**
 * Adds to the record of the incident that the arguments name. What a running process makes of it, it makes within seconds.
 * @throws CommandError
 */
export async function say(
  args: Args,
  io: Io,
  body: (nowMs: number) => IncidentBody,
  refuse: Refusal = () => null,
): Promise<Incident> {
  const configuration = await openConfiguration(args, io);
  const incident = theOne(await allIncidents(configuration), args.text('id') ?? '');
  const refusal = refuse(incident);
  if (refusal !== null) throw new CommandError(`incident: ${incident.id} ${refusal}`, EXIT.usage);
  const nowMs = nowOf(io);
  const event = eventOf(incident, nowMs, body(nowMs), `${nowMs}.${randomBytes(4).toString('hex')}`);
  await using store = await openLedger(configuration);
  await store.recordEvents([event]);
  return incident;
}

export function warnUnkept(configuration: Configuration, io: Io): void {
  if (holderOf(configuration.ledgerPath) !== null) return;
  io.complain('nobody is told yet: no "pulsedrill run" keeps this ledger; its clocks run all the same');
}
