import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert, Notice, Told } from '../../../runner/alerts/alert.ts';
import { createDispatcher, type Post } from '../../../runner/alerts/dispatcher.ts';
import { openStore, type LedgerStore } from '../../../store/open.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { anAlert, aNotice } from './notices.ts';

const OK: Told = { ok: true };
const EVERYTHING = { severities: [], services: [], as: [], to: [] };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let folder: string;
let store: LedgerStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dispatcher-'));
  store = await openStore({ path: join(folder, 'ledger.db'), objectives: [] });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Inbox {
  readonly post: Post;
  readonly got: Notice[];
  answer: () => Told | Promise<Told>;
}

function inbox(name: string, more: Partial<Post> = {}): Inbox {
  const it: Inbox = {
    got: [],
    answer: () => OK,
    post: {
      route: EVERYTHING,
      groupMs: 0,
      repeatMs: null,
      isKeptUp: false,
      isOnce: false,
      notifier: {
        name,
        kind: 'test',
        notify(notice) {
          it.got.push(notice);
          return Promise.resolve(it.answer());
        },
      },
      ...more,
    },
  };
  return it;
}

interface Life {
  readonly clock?: ManualClock;
  readonly silence?: () => string | null;
  readonly refuses?: () => boolean;
  /** What the ledger waits for before it has taken anything in. */
  readonly hangs?: Promise<void>;
  /** What its board remembers when it begins. */
  readonly standing?: Alert[];
}

/** One process: a dispatcher on the ledger, and what stands on its board. */
async function living(
  posts: readonly Inbox[],
  { clock = new ManualClock(), silence = () => null, refuses = () => false, hangs, standing = [] }: Life = {},
) {
  const warnings: string[] = [];
  const stop = new AbortController();
  const written: Promise<void>[] = [];
  const dispatcher = createDispatcher({
    posts: posts.map(({ post }) => post),
    store,
    clock,
    random: () => 1,
    record(event) {
      if (refuses()) return Promise.reject(new Error('disk full'));
      const recorded = (hangs ?? Promise.resolve()).then(() => store.recordEvents([event]));
      written.push(recorded);
      return recorded;
    },
    standing: () => standing,
    isSilenced: silence,
    redact: (text) => text.replaceAll('hunter2', '${SECRET}'),
    stop: stop.signal,
    warn: (line) => warnings.push(line),
  });
  await dispatcher.recover();
  /** As the board's look does; then time passes. */
  const look = async (ms = 0): Promise<void> => {
    dispatcher.announce();
    await kept();
    await clock.advance(ms);
    await kept();
  };
  /** What the ledger takes in takes real time. */
  const kept = async (): Promise<void> => {
    await Promise.all(written);
    await clock.advance(0);
  };
  return { dispatcher, standing, warnings, stop, clock, look, kept };
}

const said = ({ got }: Inbox) => got.map(({ type, summary, severity }) => `${type} ${severity} ${summary}`);

describe('a dispatcher', () => {
  it('says once that an alert fires, once that it got worse, and once that it is over', async () => {
    const pager = inbox('pager');
    const life = await living([pager]);
    life.standing.push(anAlert());
    for (let time = 0; time < 3; time += 1) await life.look(1000);
    life.standing[0] = anAlert({ severity: 'SEV-1' });
    for (let time = 0; time < 3; time += 1) await life.look(1000);
    life.standing.pop();
    for (let time = 0; time < 3; time += 1) await life.look(1000);
    const text = 'slo-api/burn/1h burns';
    expect(said(pager)).toEqual([`firing SEV-2 ${text}`, `firing SEV-1 ${text}`, `resolved SEV-1 ${text}`]);
    expect(new Set(pager.got.map(({ dedupeKey }) => dedupeKey)).size).toBe(1);
  });

  it('tells each notifier what it wants to hear', async () => {
    const pager = inbox('pager', { route: { ...EVERYTHING, as: ['page'] } });
    const tickets = inbox('tickets', { route: { ...EVERYTHING, severities: ['SEV-3'] } });
    const other = inbox('other', { route: { ...EVERYTHING, services: ['market-data'] } });
    const boss = inbox('boss', { route: { ...EVERYTHING, to: ['leadership'] } });
    const life = await living([pager, tickets, other, boss]);
    life.standing.push(
      anAlert({ key: 'a' }),
      anAlert({ key: 'b', severity: 'SEV-3', as: 'ticket' }),
      anAlert({ key: 'c', as: 'review' }),
      anAlert({ key: 'd', service: null, severity: 'SEV-3', as: 'ticket' }),
    );
    await life.look(10);
    void life.dispatcher.send(aNotice({ type: 'escalation', to: 'leadership', summary: 'SEV-1 for 15 min' }));
    await life.look(10);
    await life.look(10);
    const texts = ({ got }: Inbox) => got.map(({ summary }) => summary);
    expect(texts(pager)).toEqual(['a burns', 'SEV-1 for 15 min']);
    expect(texts(tickets)).toEqual(['b burns', 'd burns']);
    expect(texts(other)).toEqual(['d burns']);
    expect(texts(boss)).toEqual(['SEV-1 for 15 min']);
  });

  it('says together what a service has to say within the time that is waited for', async () => {
    const chat = inbox('chat', { groupMs: 30_000 });
    const life = await living([chat]);
    life.standing.push(anAlert({ key: 'a' }));
    await life.look(10_000);
    life.standing.push(anAlert({ key: 'b', severity: 'SEV-1' }), anAlert({ key: 'x', service: 'market-data' }));
    await life.look(19_999);
    expect(chat.got).toEqual([]);
    await life.look(60_000);
    expect(said(chat)).toEqual(['firing SEV-1 2 alerts of client-api:\n• a burns\n• b burns', 'firing SEV-2 x burns']);
  });

  it('says at once what is said by itself: a deadline may be running', async () => {
    const chat = inbox('chat', { groupMs: 30_000 });
    const life = await living([chat]);
    for (const to of ['domain-owner', 'leadership', 'incident-commander'])
      void life.dispatcher.send(aNotice({ type: 'escalation', dedupeKey: `inc-1/tell/${to}`, incident: 'inc-1', to }));
    await life.look(0);
    expect(chat.got.map(({ to }) => to)).toEqual(['domain-owner', 'leadership', 'incident-commander']);
  });

  it('pages although something worse of the same objective is only for review', async () => {
    const pager = inbox('pager');
    const life = await living([pager]);
    const objective = 'slo-api-latency';
    life.standing.push(
      anAlert({ key: `${objective}/breach@/positions`, rule: 'breach', severity: 'SEV-1', as: 'review' }),
      anAlert({ key: `${objective}/burn/1h@/orders`, severity: 'SEV-2', as: 'page' }),
    );
    await life.look();
    expect(pager.got.map(({ as, severity }) => [as, severity])).toEqual([['page', 'SEV-2']]);
  });

  it('reminds for as long as an alert lasts, and no longer', async () => {
    const pager = inbox('pager', { repeatMs: 4 * HOUR });
    const life = await living([pager]);
    life.standing.push(anAlert());
    for (let hour = 0; hour < 9; hour += 1) await life.look(HOUR);
    life.standing.pop();
    for (let hour = 0; hour < 9; hour += 1) await life.look(HOUR);
    expect(pager.got.map(({ type }) => type)).toEqual(['firing', 'reminder', 'reminder', 'resolved']);
  });

  it('tries again, later each time, as late as it is asked to, and holds nobody else up', async () => {
    const slow = inbox('slow');
    const fast = inbox('fast');
    const answers: Told[] = [
      { ok: false, retry: true, reason: '503' },
      { ok: false, retry: true, reason: '503' },
      { ok: false, retry: true, afterMs: 30_000, reason: '429' },
      OK,
    ];
    const times: number[] = [];
    const life = await living([slow, fast]);
    slow.answer = () => {
      times.push(life.clock.monotonicMs());
      return answers.shift() ?? OK;
    };
    life.standing.push(anAlert({ key: 'a' }));
    await life.look();
    life.standing.push(anAlert({ key: 'b' }));
    await life.look(MINUTE);
    expect(times.slice(0, 4)).toEqual([0, 1000, 3000, 33_000]);
    expect(slow.got.map(({ summary }) => summary)).toEqual(['a burns', 'b burns', 'a burns', 'b burns', 'a burns']);
    expect(fast.got).toHaveLength(2);
    expect(life.dispatcher.conditions()).toEqual([]);
  });

  it('does not try again what was refused, and says that nobody was told', async () => {
    const pager = inbox('pager');
    pager.answer = () => ({ ok: false, retry: false, reason: '400 bad routing key' });
    const life = await living([pager]);
    life.standing.push(anAlert());
    await life.look(MINUTE);
    expect(pager.got).toHaveLength(1);
    expect(life.warnings).toEqual(['notifier pager: not told (400 bad routing key): slo-api/burn/1h burns']);
    expect(life.dispatcher.conditions().map(({ says }) => says)).toEqual([
      'notifier pager does not get through: 1 failure, the last: 400 bad routing key',
    ]);
    const states = (await store.events({ kind: 'notification' })).map(({ body }) => [body['state'], body['reason']]);
    expect(states).toEqual([
      ['queued', undefined],
      ['failed', '400 bad routing key'],
    ]);
  });

  it('tells the others of a notifier that keeps failing, and of its recovery', async () => {
    const pager = inbox('pager', { route: { ...EVERYTHING, as: ['page'] } });
    const chat = inbox('chat');
    pager.answer = () => ({ ok: false, retry: true, reason: 'connect ECONNREFUSED' });
    const life = await living([pager, chat]);
    life.standing.push(anAlert());
    await life.look(MINUTE);
    const [condition] = life.dispatcher.conditions();
    expect(condition).toMatchObject({ key: 'notifier/pager', rule: 'notifier', severity: 'SEV-2', as: 'page' });
    expect(condition?.says).toMatch(
      /^notifier pager does not get through: \d failures, the last: connect ECONNREFUSED$/,
    );
    if (condition === undefined) return;
    life.standing.push(anAlert({ ...condition, id: 'notifier/pager@1' }));
    await life.look(MINUTE);
    expect(chat.got.map(({ details }) => details['rule'])).toEqual(['burn', 'notifier']);
    expect(new Set(pager.got.map(({ details }) => details['rule']))).toEqual(new Set(['burn']));
    pager.answer = () => OK;
    await life.look(10 * MINUTE);
    expect(life.dispatcher.conditions()).toEqual([]);
  });

  it('goes on to call it a failing notifier after a restart, under the same key, until it takes something', async () => {
    const pager = inbox('pager');
    pager.answer = () => ({ ok: false, retry: true, reason: 'connect ECONNREFUSED' });
    const first = await living([pager]);
    first.standing.push(anAlert());
    await first.look(MINUTE);
    const [condition] = first.dispatcher.conditions();
    if (condition === undefined) throw new Error('no condition');
    first.stop.abort();
    const opened = anAlert({ ...condition, id: 'notifier/pager@1', openedMs: first.clock.wallMs() });
    const second = await living([pager], { clock: first.clock, standing: [anAlert(), opened] });
    // Before anything was tried, after one failure, and after many: it never was over in between.
    const seen: (readonly string[])[] = [];
    for (const ms of [0, 500, 1000, MINUTE]) {
      seen.push(second.dispatcher.conditions().map(({ key }) => key));
      await second.look(ms);
    }
    expect(seen).toEqual(Array.from({ length: 4 }, () => ['notifier/pager']));
    pager.answer = () => OK;
    await second.look(MINUTE);
    expect(second.dispatcher.conditions()).toEqual([]);
  });

  it('does not hold a refused notice against its notifier for ever: for six hours, or until it takes another', async () => {
    const pager = inbox('pager');
    pager.answer = () => ({ ok: false, retry: false, reason: '400 bad routing key' });
    const first = await living([pager]);
    const refusedMs = first.clock.wallMs();
    first.standing.push(anAlert());
    await first.look(6 * HOUR - MINUTE);
    expect(first.dispatcher.conditions()).toMatchObject([{ key: 'notifier/pager', lastBadAtMs: refusedMs }]);
    await first.look(MINUTE);
    expect(first.dispatcher.conditions()).toEqual([]);
    expect(pager.got).toHaveLength(1);
    // A restart that inherits the alert counts from the refusal, too.
    first.stop.abort();
    const inherited = anAlert({ key: 'notifier/pager', id: 'notifier/pager@1', rule: 'notifier', openedMs: refusedMs });
    const second = await living([inbox('pager')], { clock: first.clock, standing: [inherited] });
    expect(second.dispatcher.conditions()).toEqual([]);
  });

  it('does not let what nobody can take keep the others waiting', async () => {
    const pager = inbox('pager');
    const life = await living([pager]);
    pager.answer = () =>
      pager.got.at(-1)?.summary === 'poison burns' ? { ok: false, retry: true, reason: '500 hunter2' } : OK;
    life.standing.push(anAlert({ key: 'poison' }), anAlert({ key: 'b' }), anAlert({ key: 'c' }));
    await life.look(10_000);
    expect(pager.got.slice(0, 3).map(({ summary }) => summary)).toEqual(['poison burns', 'b burns', 'c burns']);
    life.standing.shift();
    await life.look(6 * HOUR + MINUTE);
    // In its order: only when its beginning was given up, its end is told.
    const types = pager.got.filter(({ summary }) => summary === 'poison burns').map(({ type }) => type);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual(['firing', 'resolved']);
    expect(life.warnings).toEqual(['notifier pager: not told (500 ${SECRET}): poison burns']);
  });

  it('says of one budget that burns only once that it burns, however many rules see it, until none does', async () => {
    const pager = inbox('pager', { repeatMs: HOUR, route: { ...EVERYTHING, as: ['page'] } });
    const tickets = inbox('tickets', { isOnce: true, route: { ...EVERYTHING, as: ['ticket'] } });
    const life = await living([pager, tickets]);
    const [fast, slow] = [anAlert({ key: 'slo-api/burn/1h' }), anAlert({ key: 'slo-api/burn/6h' })];
    const exhausted = anAlert({ key: 'slo-api/violation-24h', rule: 'violation-24h' });
    const ticket = anAlert({ key: 'slo-api/burn/3d', severity: 'SEV-3', as: 'ticket' });
    const excluded = anAlert({
      key: 'slo-api/excluded-share',
      rule: 'excluded-share',
      severity: 'SEV-3',
      as: 'ticket',
    });
    life.standing.push(fast);
    await life.look(MINUTE);
    life.standing.push(slow, exhausted, ticket, excluded);
    await life.look(MINUTE);
    life.standing.shift();
    await life.look(HOUR);
    await life.look(MINUTE);
    life.standing.push(anAlert({ key: 'slo-api/breach', rule: 'breach', severity: 'SEV-1' }));
    await life.look(HOUR);
    await life.look(MINUTE);
    life.standing.length = 0;
    await life.look(MINUTE);
    expect(pager.got.map(({ type, summary }) => `${type} ${summary}`)).toEqual([
      'firing slo-api/burn/1h burns',
      'reminder slo-api/burn/6h burns',
      'firing slo-api/breach burns',
      'reminder slo-api/breach burns',
      'resolved slo-api/breach burns',
    ]);
    expect(new Set(pager.got.map(({ dedupeKey }) => dedupeKey)).size).toBe(1);
    expect(tickets.got.map(({ type, summary }) => `${type} ${summary}`)).toEqual([
      'firing slo-api/burn/3d burns',
      'firing slo-api/excluded-share burns',
      'resolved slo-api/burn/3d burns',
      'resolved slo-api/excluded-share burns',
    ]);
  });

  it('has one ticket made of what gets worse', async () => {
    const tickets = inbox('tickets', { isOnce: true });
    const late = inbox('late', { isOnce: true, route: { ...EVERYTHING, severities: ['SEV-1'] } });
    const life = await living([tickets, late]);
    life.standing.push(anAlert({ severity: 'SEV-2' }));
    await life.look(MINUTE);
    life.standing[0] = anAlert({ severity: 'SEV-1' });
    await life.look(MINUTE);
    expect(said(tickets)).toEqual(['firing SEV-2 slo-api/burn/1h burns']);
    expect(said(late)).toEqual(['firing SEV-1 slo-api/burn/1h burns']);
  });

  it('keeps a notice in the ledger before it says it, but does not wait for a ledger that hangs', async () => {
    const pager = inbox('pager');
    let release = (): void => undefined;
    const life = await living([pager], { hangs: new Promise<void>((resolve) => (release = resolve)) });
    life.standing.push(anAlert());
    life.dispatcher.announce();
    await life.clock.advance(1999);
    expect(pager.got).toEqual([]);
    await life.clock.advance(1);
    expect(pager.got).toHaveLength(1);
    release();
    await life.kept();
  });

  it('tries once more after a restart what was refused for good, if it still stands', async () => {
    const pager = inbox('pager');
    pager.answer = () => ({ ok: false, retry: false, reason: '400 bad routing key' });
    const first = await living([pager]);
    first.standing.push(anAlert({ key: 'a' }), anAlert({ key: 'b' }));
    await first.look(10);
    first.stop.abort();
    await first.kept();
    pager.answer = () => OK;
    pager.got.length = 0;
    const second = await living([pager], { standing: [anAlert({ key: 'b' })] });
    await second.look(10);
    expect(pager.got.map(({ type, summary }) => `${type} ${summary}`)).toEqual(['firing b burns', 'resolved a burns']);
    second.stop.abort();
    await second.kept();
    const third = await living([pager], { standing: [anAlert({ key: 'b' })] });
    await third.look(10);
    expect(pager.got).toHaveLength(2);
  });

  it('leaves the notices of incidents to those who have them said', async () => {
    const pager = inbox('pager');
    const first = await living([pager]);
    void first.dispatcher.send(aNotice({ type: 'firing', dedupeKey: 'inc-1', incident: 'inc-1' }));
    await first.look();
    await first.look();
    first.stop.abort();
    const second = await living([pager]);
    await second.look();
    expect(pager.got.map(({ type }) => type)).toEqual(['firing']);
  });

  it('gives up on its way and goes on where it was after a restart: nothing is lost, nothing said is said again', async () => {
    const pager = inbox('pager');
    const chat = inbox('chat');
    pager.answer = () => ({ ok: false, retry: true, reason: '503' });
    const first = await living([pager, chat]);
    first.standing.push(anAlert({ key: 'a' }), anAlert({ key: 'b' }));
    await first.look(10);
    first.stop.abort();
    await first.look(10);

    pager.answer = () => OK;
    pager.got.length = 0;
    chat.got.length = 0;
    const second = await living([pager, chat]);
    second.standing.push(anAlert({ key: 'b' }));
    await second.look(10);
    expect(pager.got.map(({ type, summary }) => `${type} ${summary}`)).toEqual([
      'firing a burns',
      'firing b burns',
      'resolved a burns',
    ]);
    expect(chat.got.map(({ type, summary }) => `${type} ${summary}`)).toEqual(['resolved a burns']);
  });

  it('says what a process that died between its ledger and its notices had still to say', async () => {
    const pager = inbox('pager');
    const life = await living([pager]);
    // It stands by the events of the ledger; no notice of it was ever taken on.
    life.standing.push(anAlert());
    await life.look(10);
    expect(pager.got).toHaveLength(1);
  });

  it('a day later says only what still stands of what was never delivered', async () => {
    const pager = inbox('pager');
    pager.answer = () => ({ ok: false, retry: true, reason: '503' });
    const first = await living([pager]);
    first.standing.push(anAlert({ key: 'a' }), anAlert({ key: 'b' }));
    await first.look(10);
    first.stop.abort();
    pager.got.length = 0;
    pager.answer = () => OK;
    const clock = new ManualClock(0, first.clock.wallMs() + 25 * HOUR);
    const second = await living([pager], { clock, standing: [anAlert({ key: 'b' })] });
    await second.look(MINUTE);
    expect(pager.got.map(({ type, summary }) => `${type} ${summary}`)).toEqual(['firing b burns', 'resolved a burns']);
  });

  it('tells people although the ledger refuses', async () => {
    const pager = inbox('pager');
    const life = await living([pager], { refuses: () => true });
    life.standing.push(anAlert());
    await life.look(10);
    expect(pager.got).toHaveLength(1);
  });

  it('is silent while an alert is silenced, speaks when the silence ends, and never mentions what ended in it', async () => {
    let reason: string | null = 'maintenance';
    const pager = inbox('pager', { repeatMs: MINUTE });
    const life = await living([pager], { silence: () => reason });
    life.standing.push(anAlert({ key: 'a' }), anAlert({ key: 'b' }));
    for (let minute = 0; minute < 3; minute += 1) await life.look(MINUTE);
    life.standing.shift();
    await life.look(MINUTE);
    expect(pager.got).toEqual([]);
    reason = null;
    await life.look(1000);
    expect(said(pager)).toEqual(['firing SEV-2 b burns']);
    reason = 'again';
    for (let minute = 0; minute < 3; minute += 1) await life.look(MINUTE);
    expect(pager.got).toHaveLength(1);
    life.standing.pop();
    await life.look(1000);
    expect(said(pager).slice(1)).toEqual(['resolved SEV-2 b burns']);
  });

  it('repeats at once, after a restart too, what the other side forgets, and keeps no record of that', async () => {
    const alertmanager = inbox('am', { repeatMs: MINUTE, isKeptUp: true });
    const first = await living([alertmanager]);
    first.standing.push(anAlert());
    for (let minute = 0; minute < 3; minute += 1) await first.look(MINUTE);
    expect(alertmanager.got.map(({ type }) => type)).toEqual(['firing', 'reminder', 'reminder']);
    first.stop.abort();
    const second = await living([alertmanager]);
    second.standing.push(anAlert());
    await second.look(10);
    expect(alertmanager.got.map(({ type }) => type)).toEqual(['firing', 'reminder', 'reminder', 'reminder']);
    expect((await store.events({ kind: 'notification' })).map(({ body }) => body['state'])).toEqual(['queued', 'sent']);
  });

  it('holds no more than a thousand notices of a notifier that hangs, and drops reminders first', async () => {
    const pager = inbox('pager');
    pager.answer = () => new Promise<Told>(() => {});
    const life = await living([pager], { refuses: () => true });
    const notice = (n: number): Notice =>
      aNotice({ type: n === 5 ? 'reminder' : 'escalation', dedupeKey: `k${n}`, summary: `n${n}` });
    for (let n = 0; n < 1003; n += 1) void life.dispatcher.send(notice(n));
    await life.clock.advance(10);
    expect(life.warnings).toEqual([
      'notifier pager: not told (more than 1000 notices wait): n5',
      'notifier pager: not told (more than 1000 notices wait): n1',
    ]);
  });
});
