import { expect, test } from 'vitest';
import { createPrompt } from '../../../runner/gameday/prompt.ts';
import type { JournalBody, JournalEntry } from '../../../scenarios/journal.ts';

const entry = (body: JournalBody): JournalEntry => ({ ...body, seq: 1, gameday: 'gd-1', atMs: 0, sinceStartMs: 0 });
const asked = (step: string) => entry({ type: 'asked', step, what: 'x', who: 'on-call', withinMs: 1 });
const answered = (step: string) => entry({ type: 'answered', step, ok: true, by: 'ana', note: null, afterMs: 1 });
const marked = (what: string, note: string | null = null) => ({
  type: 'mark',
  what,
  by: 'ana',
  note,
  how: 'at the terminal',
});

test('a line is a mark with a note, an abort with a reason, or nothing', () => {
  const prompt = createPrompt('ana');
  expect(prompt.read('diagnosed the primary  feed lags')).toEqual(marked('diagnosed', 'the primary feed lags'));
  expect(prompt.read(' abort a real incident ')).toEqual({ type: 'abort', by: 'ana', reason: 'a real incident' });
  expect(prompt.read('abort')).toEqual({ type: 'abort', by: 'ana', reason: 'at the terminal' });
  expect(prompt.read('   ')).toBeNull();
});

test('ok answers the step that has waited longest, and nothing where none waits', () => {
  const prompt = createPrompt('ana');
  expect(prompt.read('ok')).toBeNull();
  prompt.hear(asked('first'));
  prompt.hear(asked('second'));
  expect(prompt.read('ok')).toEqual(marked('first'));
  prompt.hear(answered('first'));
  expect(prompt.read('ok it rang twice')).toEqual(marked('second', 'it rang twice'));
});
