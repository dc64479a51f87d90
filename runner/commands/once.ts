import { didYouMean } from '../../probes/nearest.ts';
import { foundText } from '../../probes/problem.ts';
import type { Result } from '../../store/result.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT, type Io } from '../io.ts';
import { jsonOption, openConfiguration, openLedger, toJson } from './open.ts';
import { openRunner } from './open-runner.ts';

export const once: Command = {
  name: 'once [probe..]',
  describe: 'Run the probes once, now; print outcome, reason and phases',
  example: ['once api-status --verbose', 'one run with the exchange shown, secrets masked'],
  build: (yargs) =>
    jsonOption(yargs)
      .positional('probe', { type: 'string', array: true, describe: 'ids of probes; default: all' })
      .option('verbose', { type: 'boolean', describe: 'show the exchange, secrets masked' }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const all = configuration.probes.map((probe) => probe.id);
    const asked = args.texts('probe');
    const unknown = asked.filter((id) => !all.includes(id));
    if (unknown.length > 0) {
      throw new CommandError(
        unknown
          .map(
            (id) => `once: expected the id of a probe (${all.join(', ')})${didYouMean(id, all)}, got ${foundText(id)}`,
          )
          .join('\n'),
        EXIT.usage,
      );
    }
    await using store = await openLedger(configuration);
    await using runner = openRunner(configuration, store, io);
    await runner.checkClock();
    const results: Result[] = [];
    for (const id of asked.length > 0 ? asked : all) {
      if (io.stop.aborted) break;
      const { result, transcript } = await runner.engine.once(id, args.flag('verbose'));
      runner.delivery.deliver(result);
      results.push(result);
      if (!args.flag('json')) print(result, transcript, io);
    }
    await runner.delivery.flush();
    await runner.delivery.recover();
    const account = runner.delivery.account();
    if (account !== null) throw new CommandError(`once: ${account}`, EXIT.prober);
    const left = await runner.sweep();
    if (left > 0) io.complain(`${left} paper orders could not be proven closed; "pulsedrill run" asks again`);
    if (args.flag('json')) io.print(toJson(results));
    if (io.stop.aborted) return EXIT.interrupted;
    return exitCodeOf(results);
  },
};

/** A refusal outranks a failed prober, which outranks a failed target. */
function exitCodeOf(results: readonly Result[]): number {
  if (results.some(({ reason }) => reason === 'not-paper' || reason === 'limit')) return EXIT.refused;
  if (results.some((result) => result.outcome === 'fault')) return EXIT.prober;
  if (results.some((result) => result.outcome === 'bad')) return EXIT.failed;
  return EXIT.ok;
}

function milliseconds(ms: number): string {
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(1);
}

function print(result: Result, transcript: readonly string[], io: Io): void {
  const phases = Object.entries(result.phases)
    .filter(([, ms]) => ms !== null)
    .map(([name, ms]) => `${name.replace(/Ms$/, '')} ${milliseconds(ms ?? 0)}`);
  const isBySymbol = ([name]: readonly [string, unknown]): boolean =>
    result.kind === 'market-data' && name.includes(':');
  const known = Object.entries(result.values).flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  );
  const values = known.filter((each) => !isBySymbol(each)).map(valueText);
  const took = result.durationMs === null ? '' : `the whole run ${milliseconds(result.durationMs)} ms`;
  const reason = result.reason === null ? '' : ` (${result.reason})`;
  io.print(`${result.probe}  ${result.outcome}${reason}  ${took}`);
  if (phases.length > 0) io.print(`  phases, ms: ${phases.join(', ')}`);
  for (const reading of result.readings) {
    if (reading.type === 'duration')
      io.print(`  ${reading.indicator}: ${reading.ms === null ? 'never' : `${milliseconds(reading.ms)} ms`}`);
    if (reading.type === 'quantity') io.print(`  executed ${reading.executed} of ${reading.submitted}`);
    if (reading.type === 'counts') {
      const worst = reading.maxMs === null ? '' : `, worst ${milliseconds(reading.maxMs)} ms`;
      const within = Object.entries(reading.within).map(([key, count]) => `${key} ms: ${count}`);
      io.print(
        `  ${reading.indicator}: ${reading.valid} ${reading.valid === 1 ? 'event' : 'events'}${worst}${within.length > 0 ? ` (${within.join(', ')})` : ''}`,
      );
    }
  }
  if (values.length > 0) io.print(`  ${values.join(', ')}`);
  for (const line of bySymbol(known.filter(isBySymbol))) io.print(`  ${line}`);
  for (const { name, url, status, ms } of result.trail ?? []) {
    const took = ms === null ? 'no end' : `${milliseconds(ms)} ms`;
    io.print(`  → ${name === null ? '' : `${name}: `}${url}  ${status ?? 'no answer'}  ${took}`);
  }
  if (result.detail !== null) io.print(`  ${result.detail}`);
  for (const line of transcript) io.print(`  | ${line}`);
}

type Value = readonly [name: string, value: number];

function valueText([name, value]: Value): string {
  return `${name} ${Math.round(value * 1000) / 1000}`;
}

const MOST_SYMBOLS = 3;

/** A feed has dozens of symbols, with half a dozen values each: those whose ticks were oldest, and how many there are. */
function bySymbol(values: readonly Value[]): readonly string[] {
  const symbols = new Map<string, Value[]>();
  for (const [name, value] of values) {
    const at = name.lastIndexOf(':');
    const of = symbols.get(name.slice(at + 1)) ?? [];
    symbols.set(name.slice(at + 1), [...of, [name.slice(0, at), value]]);
  }
  const oldest = (of: readonly Value[]): number => of.find(([name]) => name === 'maxMs')?.[1] ?? 0;
  const sorted = [...symbols].toSorted(([, a], [, b]) => oldest(b) - oldest(a));
  const shown = sorted.slice(0, MOST_SYMBOLS).map(([symbol, of]) => `${symbol}: ${of.map(valueText).join(', ')}`);
  const left = sorted.length - shown.length;
  return left > 0 ? [...shown, `and ${left} symbols more; --json has them`] : shown;
}
