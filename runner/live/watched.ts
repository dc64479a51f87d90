/** What somebody who watches a game-day has to know at this moment, gathered from its journal as it is written. Pure. */
import type { JournalBody, JournalEntry, MarkName, Phase } from '../../scenarios/journal.ts';
import { entryText } from '../gameday-text.ts';

type Entry<Type extends JournalBody['type']> = Extract<JournalEntry, { readonly type: Type }>;

export interface Watched {
  readonly started: Entry<'started'> | null;
  readonly phase: Phase;
  /** ms since the start of the game-day. */
  readonly injectedAtMs: number | null;
  /** Of a drill, which injects nothing. */
  readonly beganAtMs: number | null;
  readonly checks: { readonly ok: number; readonly notOk: number };
  /** By name; null: not yet known. */
  readonly conditions: ReadonlyMap<string, { readonly ok: boolean | null; readonly detail: string }>;
  readonly waits: ReadonlyMap<string, Entry<'waiting'>>;
  readonly asked: ReadonlyMap<string, Entry<'asked'>>;
  /** Written down, and not yet proven to be gone. */
  readonly faults: ReadonlyMap<string, { readonly prepared: Entry<'undo-prepared'>; readonly sinceMs: number | null }>;
  readonly marks: readonly { readonly what: MarkName; readonly afterMs: number; readonly by: string | null }[];
  readonly finished: Entry<'finished'> | null;
  readonly events: readonly { readonly sinceStartMs: number; readonly text: string; readonly isTrouble: boolean }[];
}

export const NOTHING_WATCHED: Watched = {
  started: null,
  phase: 'before',
  injectedAtMs: null,
  beganAtMs: null,
  checks: { ok: 0, notOk: 0 },
  conditions: new Map(),
  waits: new Map(),
  asked: new Map(),
  faults: new Map(),
  marks: [],
  finished: null,
  events: [],
};

const MOST_EVENTS = 200;

/** What is trouble of the prober's own is told among the events as well. */
export function withEvent(watched: Watched, sinceStartMs: number, text: string, isTrouble: boolean): Watched {
  const events = [...watched.events, { sinceStartMs, text, isTrouble }].slice(-MOST_EVENTS);
  return { ...watched, events };
}

export function withEntry(before: Watched, entry: JournalEntry): Watched {
  const text = entryText(entry);
  const watched = text === null ? before : withEvent(before, entry.sinceStartMs, text, isTrouble(entry));
  switch (entry.type) {
    case 'started':
      return {
        ...watched,
        started: entry,
        conditions: new Map((entry.charter?.hypothesis ?? []).map((name) => [name, { ok: null, detail: '' }])),
      };
    case 'phase':
      return {
        ...watched,
        phase: entry.phase,
        conditions: unknown(watched.conditions),
        // The check's own wait, which alone has a detail, has no entry that ends it.
        waits: new Map([...watched.waits].filter(([, { detail }]) => detail === undefined)),
      };
    case 'check': {
      const { ok, notOk } = watched.checks;
      return { ...watched, checks: entry.ok ? { ok: ok + 1, notOk } : { ok, notOk: notOk + 1 } };
    }
    case 'hypothesis':
      return { ...watched, conditions: put(watched.conditions, entry.name, { ok: entry.ok, detail: entry.detail }) };
    case 'waiting':
      // The check says of one wait twice that it waits, in other words.
      return {
        ...watched,
        waits: entry.detail === undefined ? put(watched.waits, entry.name, entry) : new Map([[entry.name, entry]]),
      };
    case 'condition':
      return { ...watched, waits: without(watched.waits, entry.name) };
    case 'asked':
      return { ...watched, asked: put(watched.asked, entry.step, entry) };
    case 'answered':
      return { ...watched, asked: without(watched.asked, entry.step) };
    case 'undo-prepared':
      return { ...watched, faults: put(watched.faults, entry.fault, { prepared: entry, sinceMs: null }) };
    case 'injected': {
      const fault = watched.faults.get(entry.fault);
      const injectedAtMs = watched.injectedAtMs ?? entry.sinceStartMs;
      if (fault === undefined) return { ...watched, injectedAtMs };
      return {
        ...watched,
        injectedAtMs,
        faults: put(watched.faults, entry.fault, { ...fault, sinceMs: entry.sinceStartMs }),
      };
    }
    case 'lifted':
      return entry.verified ? { ...watched, faults: without(watched.faults, entry.fault) } : watched;
    case 'mark': {
      const { what, afterMs = 0, by = null } = entry;
      const beganAtMs = what === 'began' ? entry.sinceStartMs : watched.beganAtMs;
      return { ...watched, beganAtMs, marks: [...watched.marks, { what, afterMs, by }] };
    }
    case 'finished':
      return { ...watched, finished: entry, waits: new Map(), asked: new Map() };
    default:
      return watched;
  }
}

/** What was known of one phase says nothing about the next. */
function unknown(conditions: Watched['conditions']): Watched['conditions'] {
  return new Map([...conditions.keys()].map((name) => [name, { ok: null, detail: '' }]));
}

function put<Value>(map: ReadonlyMap<string, Value>, key: string, value: Value): ReadonlyMap<string, Value> {
  return new Map([...map, [key, value]]);
}

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  return new Map([...map].filter(([name]) => name !== key));
}

function isTrouble(entry: JournalEntry): boolean {
  return (
    entry.type === 'lift-failed' ||
    ((entry.type === 'check' || entry.type === 'answered' || entry.type === 'degraded-mode') && !entry.ok) ||
    ((entry.type === 'hypothesis' || entry.type === 'success' || entry.type === 'invariant') && entry.ok === false) ||
    (entry.type === 'condition' && !entry.met)
  );
}
