/** The live picture of a game-day: from what is known to the lines of a terminal. Pure. */
import { faultText } from '../../reports/fault-text.ts';
import { consumedPercent, offset, plural, seconds, span } from '../../reports/figures.ts';
import { markWord } from '../../reports/gameday/story.ts';
import { cut, flow, LABEL, piece, type Line, type Style } from './line.ts';
import type { Watched } from './watched.ts';

/** What the journal does not say. */
export interface Facts {
  /** ms since the start of the game-day, now. */
  readonly sinceStartMs: number;
  /** Of the component's objectives, as of the last evaluation. */
  readonly objectives: readonly { readonly id: string; readonly colour: string; readonly consumed: number | null }[];
  /** The component's. */
  readonly colour: string;
  /** Why it is being stopped and undone; null: it is not. */
  readonly stopping: string | null;
  /** Whether lines that are typed are heard. */
  readonly isHeard: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const COLOURS: Readonly<Record<string, Style>> = { green: 'green', yellow: 'yellow', red: 'red' };
/** Below the picture: the line to type on, and one that the cursor may fall on. */
const BELOW = 2;

/** Exactly `rows − 2` lines, none wider than `columns`. */
export function pictureOf(watched: Watched, facts: Facts, { columns, rows }: Size): readonly Line[] {
  const height = Math.max(1, rows - BELOW);
  const head = [title(watched), now(watched, facts), []];
  const body = [
    ...colours(watched, facts, columns),
    ...faults(watched, facts, columns),
    ...conditions(watched, columns),
    ...waits(watched, facts, columns),
    ...marks(watched, columns),
  ];
  const foot = help(watched, facts, columns);
  const room = height - head.length - foot.length;
  // Events give way first; then what stands last in the body. What has to be done, and how to stop it, always shows.
  const shown = body.slice(0, Math.max(0, room));
  const events = lastEvents(watched, room - shown.length - 1);
  const lines = [...head, ...shown, ...(events.length === 0 ? [] : [[], ...events])];
  const gap = Array.from({ length: Math.max(0, height - lines.length - foot.length) }, (): Line => []);
  return [...lines.slice(0, Math.max(0, height - foot.length)), ...gap, ...foot]
    .slice(-height)
    .map((line) => cut(line, columns));
}

function title({ started }: Watched): Line {
  if (started === null) return [piece('game-day', 'bold')];
  const { title: text, gameday, environment } = started;
  return [piece(text, 'bold'), piece(`  ${gameday}, ${environment}`, 'dim')];
}

function now(watched: Watched, { sinceStartMs, stopping }: Facts): Line {
  const { phase, injectedAtMs, beganAtMs, started, finished, checks, faults } = watched;
  const originMs = injectedAtMs ?? beganAtMs;
  const isBroken = faults.size > 0;
  const word = finished !== null ? 'OVER' : stopping !== null ? 'STOPPING' : phase.toUpperCase();
  const style: Style = stopping !== null && finished === null ? 'alarm' : isBroken ? 'yellow' : 'bold';
  const checked = `${checks.ok} checks ok${checks.notOk === 0 ? '' : `, ${checks.notOk} NOT OK`}`;
  const said = [
    ...(originMs === null
      ? [checked]
      : [
          `${seconds(Math.max(0, sinceStartMs - originMs))} since the ${injectedAtMs === null ? 'beginning' : 'injection'}`,
        ]),
    ...(started === null || finished !== null || stopping !== null
      ? []
      : [`${span(Math.max(0, started.timeboxMs - sinceStartMs))} of ${span(started.timeboxMs)} left`]),
    ...(stopping === null || finished !== null ? [] : [`undoing everything (${stopping})`]),
    ...(finished === null ? [] : [finished.verdict]),
  ];
  return [piece(word, style), piece(`  ${said.join(' · ')}`)];
}

function colours({ started }: Watched, { objectives, colour }: Facts, columns: number): readonly Line[] {
  if (started === null) return [];
  const service: Line = [piece(colour.toUpperCase(), COLOURS[colour] ?? 'dim')];
  const known = objectives.filter((each) => each.colour !== 'unknown');
  const others = objectives.length - known.length;
  const own = known.map(({ id, colour: its, consumed }): Line => [
    piece(`${id} `),
    piece(`${its} ${consumedPercent(consumed)}`, COLOURS[its] ?? 'dim'),
  ]);
  const rest: readonly Line[] = others === 0 ? [] : [[piece(`${plural(others, 'objective')} not known`, 'dim')]];
  return flow(started.component.slice(0, LABEL - 1), [service, ...own, ...rest], columns);
}

function faults({ faults: all }: Watched, { sinceStartMs }: Facts, columns: number): readonly Line[] {
  if (all.size === 0) return flow('faults', [[piece('none in place', 'green')]], columns);
  return [...all].flatMap(([id, { prepared, sinceMs }], index) => {
    const since = sinceMs === null ? 'being injected, or left behind' : `for ${seconds(sinceStartMs - sinceMs)}`;
    const what = `${faultText(prepared.what)} on ${prepared.target.name}`;
    return flow(index === 0 ? 'faults' : '', [[piece(`${id}, ${since}: `, 'yellow'), piece(what)]], columns);
  });
}

function conditions({ conditions: all }: Watched, columns: number): readonly Line[] {
  const items = [...all].map(([name, { ok }]): Line => {
    const [word, style] =
      ok === null
        ? (['not yet known', 'dim'] as const)
        : ok
          ? (['met', 'green'] as const)
          : (['UNMET', 'red'] as const);
    return [piece(`${name} `), piece(word, style)];
  });
  return flow('conditions', items, columns);
}

function waits({ waits: all }: Watched, { sinceStartMs }: Facts, columns: number): readonly Line[] {
  return [...all.values()].flatMap(({ name, withinMs, sinceStartMs: sinceMs }, index) => {
    const leftMs = Math.max(0, sinceMs + withinMs - sinceStartMs);
    const item: Line = [piece(`${name} `), piece(`(${span(leftMs)} left)`, 'dim')];
    return flow(index === 0 ? 'waiting for' : '', [item], columns);
  });
}

function marks({ marks: all }: Watched, columns: number): readonly Line[] {
  const items = all.map(({ what, afterMs, by }): Line => [
    piece(`${markWord(what)} ${offset(afterMs)}`),
    ...(by === null ? [] : [piece(` by ${by}`, 'dim')]),
  ]);
  return flow('marks', items, columns);
}

function lastEvents({ events }: Watched, most: number): readonly Line[] {
  if (most <= 0) return [];
  return events
    .slice(-most)
    .map(({ sinceStartMs, text, isTrouble }) => [
      piece(`${seconds(sinceStartMs).padStart(LABEL - 2)}  `, 'dim'),
      piece(text, isTrouble ? 'red' : 'plain'),
    ]);
}

function help({ asked, finished }: Watched, { sinceStartMs, isHeard }: Facts, columns: number): readonly Line[] {
  const steps = [...asked.values()].flatMap(({ step, what, who, withinMs, sinceStartMs: sinceMs }) => {
    const leftMs = Math.max(0, sinceMs + withinMs - sinceStartMs);
    const how = isHeard ? `type ${step}` : `gameday mark ${step} --by NAME`;
    return flow(
      'PLEASE',
      [[piece(`${who}: ${what} `, 'bold'), piece(`(${how}; ${span(leftMs)} left)`, 'yellow')]],
      columns,
    );
  });
  if (finished !== null) return [[piece('over; what was found follows', 'dim')]];
  const typed = isHeard ? '; type a mark, ok or abort, then Enter' : '';
  return [...steps, [piece(`Ctrl-C stops and undoes${typed}`, 'dim')]];
}
