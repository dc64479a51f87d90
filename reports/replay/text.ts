/** A replay as people read it: one line a figure, before and after, and below what to know before believing it. */
import type { Colour } from '../../slo/objective.ts';
import type { Status } from '../../slo/status.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { attainmentPercent, consumedPercent, count, plural, shareText, span, targetPercent } from '../figures.ts';
import { colourWord, limitText, SURENESS, windowText } from '../objective-text.ts';
import type { Course } from './course.ts';
import type { Replay } from './replay.ts';

export interface ReplayRow {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

const COLOURS: readonly Colour[] = ['green', 'yellow', 'red', 'unknown'];

/** In the order in which they are read. */
export function replayRows(replay: Replay, base: TimeBase): readonly ReplayRow[] {
  const { before, after, estimate } = replay;
  const row = (what: string, text: (course: Course) => string): ReplayRow => {
    const [was, is] = [text(before), text(after)];
    if (estimate === null) return { what, before: was, after: is };
    const [worst, best] = [text(estimate.worst), text(estimate.best)];
    return { what, before: was, after: worst === is && best === is ? is : `${is} (${worst} … ${best})` };
  };
  const defined = (what: string, text: (course: Course) => string): ReplayRow => ({
    what,
    before: text(before),
    after: text(after),
  });
  const isSliding = after.status.objective.slidingMs !== null;
  return [
    defined('target', ({ status }) => targetPercent(status.objective.target)),
    defined('limit', ({ status }) => limitOfText(status)),
    defined('window', ({ status }) => windowText(status.objective, base.scale)),
    defined('weighing', ({ status }) => status.objective.weighing),
    defined('event minimum', ({ status }) => count(status.objective.minEvents)),
    row('attained', ({ status }) => attainmentPercent(status)),
    row('good / valid', ({ status }) => `${count(status.tally.good)} / ${count(status.validEvents)}`),
    row('consumed', ({ status }) => consumedPercent(status.consumed)),
    row('colour', ({ status }) => colourWord(status.colour)),
    row('met', ({ status }) => (status.met === null ? '–' : status.met ? 'met' : 'missed')),
    row('statistically', ({ status }) => (status.statVerdict === null ? '–' : SURENESS[status.statVerdict])),
    ...(isSliding ? [row('windows passed', ({ status: { windows } }) => windowsText(windows))] : []),
    row('met, of all moments', ({ met }) => shareText(met.moments, met.of)),
    ...COLOURS.map((colour) => row(`time ${colourWord(colour)}`, (course) => timeIn(course, colour))),
    row('changes of colour', ({ changes }) => count(changes)),
    row('pages', ({ alerts }) => count(alerts.page)),
    row('tickets', ({ alerts }) => count(alerts.ticket)),
    row('pages withheld, too few events', ({ alerts }) => count(alerts.review)),
    row('times a game-day became owed', ({ obligations }) => count(obligations)),
  ];
}

/** What to know before believing the figures. */
export function replayNotes({ estimate, untold, expired, everyMs, basis }: Replay, base: TimeBase): readonly string[] {
  return [
    basis === 'tallies'
      ? 'exact: what counts as good is the same in both, and comes from the tallies on record'
      : estimate === null && untold === null
        ? 'exact: every stored result was judged by both'
        : '',
    estimate === null
      ? ''
      : `${plural(estimate.events, 'event')} of a watch were not counted at this limit: how many were within it is estimated from sketches whose values are off by at most 1 %; in brackets what it is at worst and at best`,
    untold === null
      ? ''
      : `${plural(untold.readings, 'reading')} cannot be told and count for nothing in "after": ${untold.because}`,
    expired === null
      ? ''
      : `of ${count(expired.recorded)} events on record ${count(expired.recorded - expired.stored)} have no stored result any more: both columns are of the rest`,
    `judged every ${span(everyMs * base.scale)}; nothing was written to the record`,
  ].filter((note) => note !== '');
}

function limitOfText({ objective: { sli } }: Status): string {
  if (sli.type === 'threshold') return limitText(sli);
  return sli.type === 'telemetry' && sli.medianMs !== undefined
    ? `median ${limitText({ ms: sli.medianMs, strict: false })}`
    : '–';
}

function windowsText(windows: Status['windows']): string {
  return windows === null ? '–' : shareText(windows.passed, windows.judged);
}

function timeIn({ minutes }: Course, colour: Colour): string {
  return minutes[colour] === 0 ? '0' : span(minutes[colour] * 60_000);
}
