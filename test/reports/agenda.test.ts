import { describe, expect, it } from 'vitest';
import { collectAgenda, incidentAgenda } from '../../reports/incident/agenda.ts';
import type { BudgetPoint } from '../../store/store.ts';
import { incidentOf, MINUTE, OPENED, opening, resolved } from '../slo/incidents/support.ts';

const point = (atMs: number, consumedPct: number): BudgetPoint => ({
  objective: 'availability',
  service: 'client-api',
  atMs,
  colour: 'red',
  consumedPct,
  attainmentPct: 99,
  burn1h: 2,
  validEvents: 1000,
  badEvents: 10,
});

/** Judged each minute; that of 200 ms before the opening has opened it. */
const POINTS = [
  point(OPENED - 2 * MINUTE - 200, 8),
  point(OPENED - MINUTE - 200, 12),
  point(OPENED - 200, 150),
  point(OPENED + MINUTE - 200, 180),
];

async function agendaOf(points: readonly BudgetPoint[]): Promise<string> {
  const reader = { budgets: () => Promise.resolve(points), events: () => Promise.resolve([]) };
  const objective = { id: 'availability', title: 'Availability', commitment: 'slo', owners: [] };
  const incident = incidentOf([opening('SEV-1'), resolved(5)]);
  const rest = { deadlines: [], nowMs: OPENED + 10 * MINUTE, periodMs: MINUTE };
  return incidentAgenda(await collectAgenda(reader, incident, [objective], rest));
}

describe('the agenda of an incident review', () => {
  it('says what was consumed before the evaluation that opened the incident, and takes that one for its beginning', async () => {
    expect(await agendaOf(POINTS)).toContain('| `availability` | SLO | 12.0 % | 180.0 % | 10 of 1,000 | red |');
    expect(await agendaOf(POINTS.slice(0, 3))).toContain('| 12.0 % | 150.0 % |');
  });

  it('has no figure from before where nothing was judged before', async () => {
    expect(await agendaOf(POINTS.slice(2))).toContain('| `availability` | SLO | – | 180.0 % |');
  });
});
