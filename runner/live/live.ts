/** The live picture of `gameday run` on a terminal. What would have been printed meanwhile is printed when it is over. */
import type { Clock } from '../../probes/probe.ts';
import type { JournalEntry } from '../../scenarios/journal.ts';
import { createCanvas, ENTER, type Terminal } from './canvas.ts';
import { inColour, painted, plain } from './line.ts';
import { pictureOf, type Facts } from './picture.ts';
import { NOTHING_WATCHED, withEntry, withEvent } from './watched.ts';

export interface LiveOptions {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly isColoured: boolean;
  readonly isHeard: boolean;
  readonly facts: () => Pick<Facts, 'objectives' | 'colour'>;
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
  /** Takes secrets out of everything that is shown. */
  readonly redact: (text: string) => string;
}

export interface Live extends AsyncDisposable {
  hear(entry: JournalEntry): void;
  /** A line of the process's own that would otherwise be printed into the picture; `print` is called when it is over. */
  say(line: string, print: (line: string) => void): void;
  /** What is to be printed when it is over. */
  later(print: () => void): void;
  /** Somebody has typed a line. */
  typed(): void;
}

const FRAME_MS = 250;

export function openLive(options: LiveOptions): Live {
  const { terminal, clock, stop, isHeard, redact } = options;
  const paint = options.isColoured ? inColour : plain;
  const canvas = createCanvas(terminal);
  const over = new AbortController();
  const kept: (() => void)[] = [];
  let originMs = clock.monotonicMs();
  let watched = NOTHING_WATCHED;
  let isTyped = false;

  const sinceStartMs = (): number => clock.monotonicMs() - originMs;

  function draw(): void {
    const stopping = stop.aborted ? String(stop.reason) : null;
    const facts = { ...options.facts(), sinceStartMs: sinceStartMs(), stopping, isHeard };
    const lines = pictureOf(watched, facts, terminal.size());
    canvas.draw(
      lines.map((line) =>
        painted(
          line.map(({ text, style }) => ({ text: redact(text), style })),
          paint,
        ),
      ),
      isTyped,
    );
    isTyped = false;
  }

  async function keepDrawing(): Promise<void> {
    while (!over.signal.aborted) {
      draw();
      await clock.sleep(FRAME_MS, over.signal).catch(() => undefined);
    }
  }

  terminal.write(ENTER);
  // A picture that cannot be drawn is no reason to leave anything broken: the game-day goes on without it.
  const drawing = keepDrawing().catch((error: unknown) => {
    terminal.restore();
    kept.push(() =>
      options.warn(`the picture was given up: ${error instanceof Error ? error.message : String(error)}`),
    );
  });

  return {
    hear(entry) {
      if (entry.type === 'started') originMs = clock.monotonicMs() - entry.sinceStartMs;
      watched = withEntry(watched, entry);
    },
    say(line, print) {
      watched = withEvent(watched, sinceStartMs(), line, true);
      kept.push(() => print(line));
    },
    later(print) {
      kept.push(print);
    },
    typed() {
      isTyped = true;
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await drawing;
      terminal.restore();
      for (const print of kept) print();
    },
  };
}
