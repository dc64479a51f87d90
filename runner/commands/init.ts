import { writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../io.ts';

/** A first useful configuration; every further key is in docs/configuration.md. */
const STARTER = `# pulsedrill: what to ask, how often, and what was promised. All keys: docs/configuration.md
environment: staging              # game-days are refused where gamedays.environments does not name it
location: local                   # where this prober stands; part of every result

probes:
  - id: status
    kind: http                    # http, market-data, paper-order, signal, clock or browser
    service: client-api
    url: http://127.0.0.1:8080/api/v1/status
    # headers: { authorization: "Bearer \${TP_TOKEN}" }   # secrets are references to the environment
    every: 60s                    # while the service's budget is Green
    yellow: 15s                   # raised while it is Yellow, and in Red unless \`red\` says otherwise
    timeout: 5s
    expect:
      - status: 200

objectives:
  extends: none                   # "tradepulse" ships sixteen rows; none begins with an empty list
  add:
    - id: status-availability
      service: client-api
      target: "0.999"             # a quoted decimal: budgets are computed exactly
      window: 30d
      sli: availability
      probes: [status]

store:
  ledger: ./pulsedrill.db
  # influx: { url: http://127.0.0.1:8086, org: sre, bucket: pulsedrill, token: "\${INFLUX_TOKEN}" }
`;

export const init: Command = {
  name: 'init',
  describe: 'Write a commented starter configuration; refuses to overwrite',
  example: ['init', 'writes pulsedrill.config.yaml into this folder'],
  run(args, io) {
    const name = args.text('config') ?? 'pulsedrill.config.yaml';
    if (!['.yaml', '.yml'].includes(extname(name))) {
      throw new CommandError(
        `init: expected a file that ends in .yaml or .yml, got ${JSON.stringify(name)}`,
        EXIT.usage,
      );
    }
    const path = resolve(io.folder, name);
    try {
      writeFileSync(path, STARTER, { flag: 'wx' });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      throw code === 'EEXIST'
        ? new CommandError(`${name}: expected no such file yet, got one; nothing was overwritten`, EXIT.usage)
        : new CommandError(`${name}: expected a folder to write into, got ${String(code)}`, EXIT.prober, {
            cause: error,
          });
    }
    io.print(`wrote ${name}; next: pulsedrill validate, then pulsedrill once`);
    return Promise.resolve(EXIT.ok);
  },
};
