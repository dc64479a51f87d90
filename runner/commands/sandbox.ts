import { once } from 'node:events';
import { resolve } from 'node:path';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox/start.ts';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';
import { toJson } from './open.ts';

export const sandbox: Command = {
  name: 'sandbox',
  describe: 'Only the practice exchange and venue, until interrupted',
  example: ['sandbox --proxy http://127.0.0.1:8474', 'puts fault proxies between exchanges and venue'],
  build: (yargs) =>
    yargs
      .option('seed', { type: 'number', default: 1, describe: 'of latencies and everything else that is drawn' })
      .option('ticks', { type: 'number', default: 200, describe: 'ticks a second of each exchange' })
      .option('venue-port', { type: 'number', describe: 'default: a free one' })
      .option('edge-port', { type: 'number', describe: 'with --proxy: of the fault proxy in front of the venue' })
      .option('control-port', { type: 'number', describe: "of the venue's knobs; the exchanges' are the next two" })
      .option('pids', { type: 'string', describe: 'a folder for process ids; what is killed is started again' })
      .option('proxy', { type: 'string', describe: 'a Toxiproxy interface in which to create feed, gateway and edge' })
      .option('json', { type: 'boolean', describe: 'the addresses as one JSON document' }),
  async run(args, io) {
    const proxy = args.text('proxy');
    const venue = args.number('venue-port');
    const control = args.number('control-port');
    const pids = args.text('pids');
    const edge = args.number('edge-port');
    const ports = {
      ...(edge === undefined ? {} : { edge }),
      ...(venue === undefined ? {} : { venue }),
      ...(control === undefined
        ? {}
        : { venueControl: control, primaryControl: control + 1, backupControl: control + 2 }),
    };
    await using practice = await start({
      seed: args.number('seed') ?? 1,
      ticksPerSecond: args.number('ticks') ?? 200,
      ...(proxy === undefined ? {} : { toxiproxyUrl: proxy }),
      ...(pids === undefined ? {} : { pidFolder: resolve(io.folder, pids) }),
      ports,
    });
    const { venueUrl, wsUrl, edgeUrl, edgeWsUrl, token, symbols, controls } = practice;
    if (args.flag('json')) {
      io.print(toJson({ venueUrl, wsUrl, edgeUrl, edgeWsUrl, token, symbols, controls, pids: practice.pids }));
    } else {
      io.print(`venue    ${edgeUrl}   (REST /api/v1, GraphQL /graphql, page /)`);
      io.print(`stream   ${edgeWsUrl}`);
      io.print(`token    ${token}   (Authorization: Bearer ${token})`);
      io.print(`symbols  ${symbols.join(' ')}`);
      if (edgeUrl !== venueUrl) io.print(`behind   ${venueUrl}   (the venue itself, without the edge proxy in front)`);
      io.print('');
      io.print('knobs    GET and PATCH /knobs, POST /reset; docs/sandbox.md lists them');
      io.print(`  venue             ${controls.venue}`);
      io.print(`  primary exchange  ${controls.primary}`);
      io.print(`  backup exchange   ${controls.backup}`);
      io.print(
        `  e.g. curl -X PATCH ${controls.primary}/knobs -H 'content-type: application/json' -d '{"freeze":true}'`,
      );
      io.print('');
      io.print('Ctrl-C ends it.');
    }
    if (!io.stop.aborted) await once(io.stop, 'abort');
    return io.stop.reason === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
  },
};

/** @throws CommandError when it cannot start: a port in use, a fault proxy that does not answer */
async function start(options: SandboxOptions): Promise<Sandbox> {
  try {
    return await startSandbox(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const because = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    throw new CommandError(`sandbox: ${why}${because}`, EXIT.prober, { cause: error });
  }
}
