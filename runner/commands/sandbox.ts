import { once } from 'node:events';
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
      .option('proxy', { type: 'string', describe: 'a Toxiproxy interface in which to create feed, gateway and edge' })
      .option('json', { type: 'boolean', describe: 'the addresses as one JSON document' }),
  async run(args, io) {
    const proxy = args.text('proxy');
    const venue = args.number('venue-port');
    await using practice = await start({
      seed: args.number('seed') ?? 1,
      ticksPerSecond: args.number('ticks') ?? 200,
      ...(proxy === undefined ? {} : { toxiproxyUrl: proxy }),
      ...(venue === undefined ? {} : { ports: { venue } }),
    });
    const { venueUrl, wsUrl, edgeUrl, edgeWsUrl, token, symbols, controls, pids } = practice;
    if (args.flag('json')) {
      io.print(toJson({ venueUrl, wsUrl, edgeUrl, edgeWsUrl, token, symbols, controls, pids }));
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
