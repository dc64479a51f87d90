import type { Command } from '../command.ts';
import { budget } from './budget.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { evidence } from './evidence.ts';
import { exportResults } from './export.ts';
import { exclude } from './exclude.ts';
import { gameday } from './gameday.ts';
import { gate } from './gate.ts';
import { incident } from './incident.ts';
import { init } from './init.ts';
import { ledger } from './ledger.ts';
import { once } from './once.ts';
import { plan } from './plan.ts';
import { replay } from './replay.ts';
import { report } from './report.ts';
import { review } from './review.ts';
import { rules } from './rules.ts';
import { run } from './run.ts';
import { sandbox } from './sandbox.ts';
import { silence } from './silence.ts';
import { sweep } from './sweep.ts';
import { toxiproxy } from './toxiproxy.ts';
import { validate } from './validate.ts';
import { verify } from './verify.ts';

/** Every command, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [
  demo,
  sandbox,
  init,
  validate,
  plan,
  once,
  run,
  budget,
  gate,
  gameday,
  review,
  rules,
  silence,
  exclude,
  incident,
  report,
  evidence,
  verify,
  exportResults,
  replay,
  sweep,
  doctor,
  ledger,
  toxiproxy,
];
