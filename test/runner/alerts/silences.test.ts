import { describe, expect, it } from 'vitest';
import { isActive, silenceOf, silencesOf } from '../../../runner/alerts/silences.ts';
import type { LedgerEvent } from '../../../store/store.ts';
import { anAlert, NOW } from './notices.ts';

const HOUR = 3_600_000;

function silence(id: string, match: object, more: object = {}): LedgerEvent {
  const body = { state: 'added', match, fromMs: NOW, toMs: NOW + HOUR, author: 'ana', reason: 'deploy', ...more };
  return { id: `${id}/added`, atMs: NOW, kind: 'silence', service: null, subject: id, body };
}

describe('a silence', () => {
  it('covers what it names, all of it, and nothing that it does not', () => {
    const [service] = silencesOf([silence('s', { service: 'client-api' })]);
    const [both] = silencesOf([silence('s', { service: 'client-api', rule: 'projection' })]);
    const [nothing] = silencesOf([silence('s', {})]);
    if (service === undefined || both === undefined || nothing === undefined) throw new Error('three were added');
    const alert = anAlert({ rule: 'burn' });
    expect(silenceOf(alert, [both, nothing], NOW)).toBeNull();
    expect(silenceOf(alert, [both, service], NOW)).toBe(service);
    expect(silenceOf(anAlert({ service: null }), [service], NOW)).toBeNull();
  });

  it('begins at its beginning and is over at its end', () => {
    const [it] = silencesOf([silence('s', { service: 'client-api' })]);
    if (it === undefined) throw new Error('one was added');
    expect([NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR].map((ms) => isActive(it, ms))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('can be ended early, but not made longer by ending it late', () => {
    const ended = (atMs: number): LedgerEvent => ({
      ...silence('s', {}),
      id: `s/ended/${atMs}`,
      atMs,
      body: { state: 'ended', by: 'ben' },
    });
    const added = silence('s', { service: 'client-api' });
    expect(silencesOf([added, ended(NOW + 1000)])).toMatchObject([{ toMs: NOW + 1000 }]);
    expect(silencesOf([added, ended(NOW + 2 * HOUR)])).toMatchObject([{ toMs: NOW + HOUR }]);
    expect(silencesOf([ended(NOW)])).toEqual([]);
  });
});
