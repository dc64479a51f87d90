import { runToxiproxy } from '../../scenarios/toxiproxy/main.ts';
import type { Command } from '../command.ts';

export const toxiproxy: Command = {
  name: 'toxiproxy',
  describe: 'The embedded fault proxy as a server of its own',
  example: ['toxiproxy --port 8474', 'speaks the Toxiproxy HTTP interface until interrupted'],
  build: (yargs) =>
    yargs
      .option('host', { type: 'string', default: '127.0.0.1', describe: 'address of the control interface' })
      .option('port', { type: 'number', default: 8474, describe: 'its port' })
      .option('seed', { type: 'number', default: 1, describe: 'of jitter, toxicity and slices' })
      .option('allow-host', { type: 'string', array: true, describe: 'Host names under which it may be addressed' })
      .option('config', { type: 'string', describe: 'JSON file of proxies to begin with' }),
  async run(args, io) {
    return runToxiproxy({
      host: args.text('host') ?? '127.0.0.1',
      port: args.number('port') ?? 8474,
      seed: args.number('seed') ?? 1,
      config: args.text('config'),
      allowedHosts: args.texts('allow-host').length === 0 ? undefined : args.texts('allow-host'),
      signal: io.stop,
      print: io.print,
      complain: io.complain,
    });
  },
};
