/** The outer end of the bench's processes. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Round } from './arithmetic.ts';
import type { Measured, Order, Said } from './contender.ts';

/** Somebody who can do rounds of one kind of work. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  /** Works for about so many milliseconds. */
  round(ms: number): Promise<Round>;
}

/** A process of the bench, by its module; ends with the bench, whatever way that ends. */
class Child implements AsyncDisposable {
  private readonly child: ChildProcess;
  private readonly name: string;

  constructor(module: URL, args: readonly string[]) {
    this.name = module.pathname.split('/').slice(-2).join('/');
    this.child = fork(module, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  hear(): Promise<Said> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => {
        this.child.off('message', onMessage);
        reject(new Error(`${this.name} ended with code ${code}`));
      };
      const onMessage = (said: Said) => {
        this.child.off('exit', onExit);
        if (said.failed === undefined) resolve(said);
        else reject(new Error(`${this.name}: ${said.failed}`));
      };
      this.child.once('message', onMessage).once('exit', onExit);
    });
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`${this.name} has no pid`);
    return pid;
  }

  tell(order: Order): void {
    this.child.send(order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

export async function startContender(name: string, module: URL, args: readonly string[] = []): Promise<Contender> {
  const child = new Child(module, args);
  await child.hear();
  return {
    name,
    async round(ms) {
      const heard = child.hear();
      child.tell({ ms });
      const { round } = await heard;
      if (round === undefined) throw new Error(`${name} answered without a round`);
      return round;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Somebody who works for so many milliseconds, and says some numbers of how it went. */
export interface Gauge extends AsyncDisposable {
  readonly name: string;
  read(ms: number): Promise<Readonly<Record<string, number>>>;
}

export async function startGauge(name: string, module: URL, args: readonly string[]): Promise<Gauge> {
  const child = new Child(module, args);
  await child.hear();
  return {
    name,
    async read(ms) {
      const heard = child.hear();
      child.tell({ ms });
      const { values } = await heard;
      if (values === undefined) throw new Error(`${name} answered without its numbers`);
      return values;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Somebody who measures a target for so many milliseconds, and says what came of each run. */
export interface Prober extends AsyncDisposable {
  readonly name: string;
  measure(ms: number): Promise<readonly Measured[]>;
}

export async function startProber(name: string, module: URL, args: readonly string[]): Promise<Prober> {
  const child = new Child(module, args);
  await child.hear();
  return {
    name,
    async measure(ms) {
      const heard = child.hear();
      child.tell({ ms });
      const { measured } = await heard;
      if (measured === undefined) throw new Error(`${name} answered without its runs`);
      return measured;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

export async function startServer(
  module: URL,
  args: readonly string[] = [],
): Promise<{ port: number; pid: number } & AsyncDisposable> {
  const child = new Child(module, args);
  const { port } = await child.hear();
  if (port === undefined) throw new Error(`${module.pathname} said no port`);
  return { port, pid: child.pid, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
