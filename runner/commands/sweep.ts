import type { Command } from '../command.ts';
import { systemClock } from '../clock.ts';
import { parseDuration } from '../../probes/duration.ts';
import { foundText } from '../../probes/problem.ts';
import { holderOf, holderText } from '../../store/lease.ts';
import { CommandError, EXIT } from '../io.ts';
import { sweepOnce, type Sweep, type SweptOrder } from '../sweep.ts';
import { jsonOption, openConfiguration, openLedger, toJson } from './open.ts';
import { openRunner } from './open-runner.ts';

/** An order that the venue does not know may be on its way for ten seconds, and longer where it waits for a signal. */
const DEFAULT_WAIT = '20s';
const AGAIN_MS = 1000;

export const sweep: Command = {
  name: 'sweep',
  describe: 'Cancel paper orders that earlier runs left open, and say how each ended',
  example: ['sweep', 'exit 0: none is open any more'],
  build: (yargs) =>
    jsonOption(yargs).option('wait', {
      type: 'string',
      default: DEFAULT_WAIT,
      requiresArg: true,
      describe: 'how long to ask again after orders that cannot be proven closed',
    }),
  async run(args, io) {
    const configuration = await openConfiguration(args, io);
    const waitMs = parseDuration(args.text('wait'));
    if (waitMs === null) {
      const found = foundText(args.text('wait'));
      throw new CommandError(`sweep: --wait: expected a duration such as "${DEFAULT_WAIT}", got ${found}`, EXIT.usage);
    }
    const holder = holderOf(configuration.ledgerPath);
    if (holder !== null) {
      const who = holderText(holder);
      const text = `sweep: "pulsedrill run" keeps this ledger (${who}) and sweeps by itself; its orders are not touched`;
      throw new CommandError(text, EXIT.refused);
    }
    await using store = await openLedger(configuration);
    await using runner = openRunner(configuration, store, io);
    const { engine, record } = runner;
    const sweeping = { store, engine, record, clock: systemClock, probes: configuration.probes };
    const show = ({ order, how }: SweptOrder): string => `${order.clientOrderId}: ${configuration.redact(how)}`;
    const untilMs = systemClock.monotonicMs() + waitMs;
    const beforeMs = systemClock.wallMs();
    const closed: SweptOrder[] = [];
    let found: Sweep;
    for (;;) {
      found = await sweepOnce(sweeping, beforeMs);
      closed.push(...found.closed);
      if (!args.flag('json')) for (const each of found.closed) io.print(show(each));
      if (found.left.length === 0 || io.stop.aborted || systemClock.monotonicMs() >= untilMs) break;
      await systemClock.sleep(AGAIN_MS, io.stop).catch(() => undefined);
    }
    const { left } = found;
    if (args.flag('json')) io.print(toJson({ closed: closed.map(plain), left: left.map(plain) }));
    else {
      if (closed.length === 0 && left.length === 0) io.print('no paper order is open');
      for (const each of left) io.complain(`${show(each)}; not proven closed, sweep again`);
    }
    if (left.length > 0) return EXIT.failed;
    return io.stop.aborted ? EXIT.interrupted : EXIT.ok;
  },
};

function plain({ order: { clientOrderId, probe, venue, runId, atMs }, how }: SweptOrder) {
  return { clientOrderId, probe, venue, runId, atMs, how };
}
