/** One browser for all browser probes of the process, started by the first run and ended when the last probe closes. */
import { homedir } from 'node:os';
import type { Browser } from 'playwright';
import type { ProbeEnvironment } from '../kind.ts';
import { cut, fault, type Verdict } from '../network.ts';
import { whenAborted, within } from './bounded.ts';
import { findBrowser, isExecutable } from './executable.ts';

const HOW_TO_INSTALL = 'apt-get install chromium, or npx playwright install chromium';

/** Nothing but the page may use the network or the clock: no updates, no sync, no second protocol to fall back from. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const START_MS = 30_000;
const CLOSE_MS = 5000;

interface Shared {
  holders: number;
  started: Promise<Browser | Verdict> | null;
}

/** A process has one set of browsers, whatever engine its probes belong to: by executable, `''` for whichever is found. */
const shared = new Map<string, Shared>();

export interface Lease {
  /** @returns a fault when there is none; rejects with the signal's reason */
  browser(signal: AbortSignal): Promise<Browser | Verdict>;
  /** It no longer answers: whoever asks next gets another one. */
  discard(browser: Browser): void;
  /** Ends the browser when nobody else holds it. */
  release(): Promise<void>;
}

export function isBrowser(value: Browser | Verdict): value is Browser {
  return 'newContext' in value;
}

export function leaseBrowser(
  executable: string | undefined,
  environment: Pick<ProbeEnvironment, 'clock' | 'path'>,
): Lease {
  const { clock, path } = environment;
  const key = executable ?? '';
  let held: Shared | null = null;

  function hold(): Shared {
    if (held !== null) return held;
    held = shared.get(key) ?? { holders: 0, started: null };
    shared.set(key, held);
    held.holders += 1;
    return held;
  }

  return {
    async browser(signal) {
      const mine = hold();
      const before = mine.started;
      const known = before === null ? null : await Promise.race([before, whenAborted(signal)]);
      // One that crashed, or could not be started then, may be there now. Of several that ask, the first starts it.
      const isGone = known !== null && (!isBrowser(known) || !known.isConnected());
      if (isGone && mine.started === before) mine.started = null;
      mine.started ??= start(executable, path);
      return Promise.race([mine.started, whenAborted(signal)]);
    },
    discard(browser) {
      if (held !== null) held.started = null;
      void within(clock, CLOSE_MS, browser.close());
    },
    async release() {
      const mine = held;
      held = null;
      if (mine === null) return;
      mine.holders -= 1;
      if (mine.holders > 0) return;
      const { started } = mine;
      mine.started = null;
      const known = started === null ? null : await started;
      if (known !== null && isBrowser(known)) await within(clock, CLOSE_MS, known.close());
    },
  };
}

async function start(asked: string | undefined, path: string): Promise<Browser | Verdict> {
  // Loaded only here: it would slow the start of every command that opens no browser.
  const { chromium } = await import('playwright');
  const executable = asked ?? (await findBrowser(path, chromium.executablePath()));
  if (executable === null) return fault('browser-missing', `no browser on this machine: ${HOW_TO_INSTALL}`);
  if (!(await isExecutable(executable))) {
    return fault('browser-missing', `${executable} cannot be executed: ${HOW_TO_INSTALL}`);
  }
  // Chromium's sandbox refuses to run as root.
  const flags = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
  try {
    return await chromium.launch({
      executablePath: executable,
      args: flags,
      // Not ours: it holds secrets, and pages run in there.
      env: { PATH: path === '' ? '/usr/bin:/bin' : path, HOME: homedir(), LANG: 'C.UTF-8' },
      timeout: START_MS,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    const [line = ''] = String(error).split('\n', 1);
    return fault('browser-failed', `${executable} did not start: ${cut(line)}`);
  }
}
