/** A game-day as strips over time: what was broken on purpose, what of the steady state held, and the degraded mode. */
import type { Lane, LaneSegment } from '../chart.ts';
import { faultText } from '../fault-text.ts';
import type { Story } from './story.ts';

/** Strips that still leave room for what was measured. */
const MOST_FAULTS = 4;
const MOST_CONDITIONS = 6;

export function lanesOf(story: Story): { readonly lanes: readonly Lane[]; readonly leftOut: number } {
  const faults = faultLanes(story);
  const conditions = conditionLanes(story);
  return {
    lanes: [...faults.slice(0, MOST_FAULTS), ...degradedLanes(story), ...conditions.slice(0, MOST_CONDITIONS)],
    leftOut: Math.max(0, faults.length - MOST_FAULTS) + Math.max(0, conditions.length - MOST_CONDITIONS),
  };
}

/** From the injection to the proven lifting; to the journal's end where that is not on record. */
function faultLanes({ faults, lastMs }: Story): readonly Lane[] {
  return faults.flatMap(({ id, prepared, injected, lifted }) => {
    if (injected === null) return [];
    const isGone = lifted?.verified === true;
    const toMs = isGone ? lifted.atMs : lastMs;
    const what = prepared === null ? 'fault' : faultText(prepared.what);
    const target = prepared === null ? '' : ` on ${prepared.target.name}`;
    const text = isGone ? what : `${what} (no proof that it is gone)`;
    return [{ name: `fault ${id}${target}`, segments: [{ fromMs: injected.atMs, toMs, tone: 'fault', text }] }];
  });
}

function degradedLanes({ degraded, lastMs }: Story): readonly Lane[] {
  const entered = degraded.find(({ change, ok }) => change === 'entered' && ok);
  if (entered === undefined) return [];
  const left = degraded.find(({ change, ok }) => change === 'left' && ok);
  const toMs = left?.atMs ?? lastMs;
  const text = left === undefined ? 'entered, not seen to be left' : 'entered and left';
  return [{ name: `degraded mode: ${entered.name}`, segments: [{ fromMs: entered.atMs, toMs, tone: 'mode', text }] }];
}

const WORDS = { good: 'holds', bad: 'broken', unknown: 'not known' } as const;

/** What was known of one phase says nothing about the next: until then it is not known. */
function conditionLanes({ hypotheses, phases, lastMs }: Story): readonly Lane[] {
  const names = [...new Set(hypotheses.map(({ name }) => name))];
  return names.map((name) => {
    const changes = [...hypotheses.filter((each) => each.name === name), ...phases]
      .toSorted((a, b) => a.seq - b.seq)
      .map((entry) => ({ atMs: entry.atMs, ok: entry.type === 'phase' ? null : entry.ok }));
    const segments: LaneSegment[] = [];
    for (const [index, { atMs, ok }] of changes.entries()) {
      const toMs = changes[index + 1]?.atMs ?? lastMs;
      const tone = ok === null ? 'unknown' : ok ? 'good' : 'bad';
      const last = segments.at(-1);
      if (last !== undefined && last.tone === tone) segments[segments.length - 1] = { ...last, toMs };
      else if (toMs > atMs) segments.push({ fromMs: atMs, toMs, tone, text: WORDS[tone] });
    }
    return { name, segments };
  });
}
