import { describe, expect, it } from 'vitest';
import type { IncidentBody } from '../../../slo/incidents/event.ts';
import { bodyText } from '../../../slo/incidents/text.ts';
import { OPENED } from './support.ts';

const told = {
  type: 'told',
  key: 'escalate/1',
  to: 'engineering-manager',
  as: 'page',
  says: 'unresolved after 15 min',
} as const;
const LINES: readonly (readonly [IncidentBody, string])[] = [
  [
    { ...told, notice: 'escalation', through: ['managers'] },
    'told engineering-manager through managers: unresolved after 15 min',
  ],
  [{ ...told, notice: 'escalation', through: [] }, 'nobody listens for engineering-manager: unresolved after 15 min'],
  [
    { ...told, notice: 'resolved', through: ['managers', 'chat'] },
    'told engineering-manager through managers, chat: over',
  ],
  [{ type: 'alert-over', alert: 'slo-api/burn/1h@abc', how: 'over' }, 'alert over: slo-api/burn/1h'],
  [{ type: 'commander', name: 'bo', by: 'bo' }, 'bo commands'],
  [{ type: 'acknowledged', by: 'ana', via: 'am', happenedMs: OPENED }, 'acknowledged by ana in am'],
  [
    {
      type: 'deadline',
      key: 'page',
      what: 'on-call paged',
      to: 'engineering-manager',
      dueMs: OPENED,
      state: 'missed',
      metMs: null,
    },
    'missed: on-call paged, due 2026-11-24 12:00Z',
  ],
];

describe('a line of the log', () => {
  it.each(LINES)('of %j', (body, line) => {
    expect(bodyText(body)).toBe(line);
  });
});
