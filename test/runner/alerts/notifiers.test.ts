import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Notifier } from '../../../runner/alerts/alert.ts';
import { alertmanagerNotifier } from '../../../runner/alerts/notifiers/alertmanager.ts';
import { logNotifier } from '../../../runner/alerts/notifiers/log.ts';
import { pagerdutyNotifier } from '../../../runner/alerts/notifiers/pagerduty.ts';
import { slackNotifier } from '../../../runner/alerts/notifiers/slack.ts';
import { jiraTemplate, ticketNotifier } from '../../../runner/alerts/notifiers/ticket.ts';
import { webhookNotifier } from '../../../runner/alerts/notifiers/webhook.ts';
import { ALERTMANAGER, startAlertmanager } from '../../support/alertmanager.ts';
import { eventually, isMissing } from '../../support/servers.ts';
import { startHook } from './hook.ts';
import { aNotice, NOW } from './notices.ts';

const posted = z.array(z.object({ endsAt: z.string(), fingerprint: z.string() }));
const never = new AbortController().signal;
const source = 'fra1 (staging)';

describe('PagerDuty', () => {
  it('is told by events of its API v2: triggered, and resolved under the same key', async () => {
    await using hook = await startHook();
    const notifier = pagerdutyNotifier({ name: 'pagerduty', url: `${hook.url}/v2/enqueue`, routingKey: 'R0', source });
    expect(await notifier.notify(aNotice({ severity: 'SEV-1', incident: 'inc-20261124-1' }), never)).toEqual({
      ok: true,
    });
    await notifier.notify(aNotice({ type: 'resolved' }), never);
    expect(hook.received.map(({ path, json }) => ({ path, json }))).toEqual([
      {
        path: '/v2/enqueue',
        json: {
          routing_key: 'R0',
          dedup_key: 'slo-api/burn/1h@1',
          event_action: 'trigger',
          client: 'pulsedrill',
          payload: {
            summary: 'SEV-1 burning at 14.4× or more',
            source,
            severity: 'critical',
            timestamp: '2026-11-24T12:00:00.000Z',
            component: 'client-api',
            group: 'slo-api',
            class: 'burn',
            custom_details: {
              key: 'slo-api/burn/1h',
              rule: 'burn',
              opened: '2026-11-24T12:00:00.000Z',
              to: 'on-call',
              incident: 'inc-20261124-1',
            },
          },
        },
      },
      {
        path: '/v2/enqueue',
        json: { routing_key: 'R0', dedup_key: 'slo-api/burn/1h@1', event_action: 'resolve' },
      },
    ]);
  });

  it('is told who has taken it on, and where there is more to read', async () => {
    await using hook = await startHook();
    const notifier = pagerdutyNotifier({ name: 'pagerduty', url: hook.url, routingKey: 'R0', source });
    await notifier.notify(aNotice({ details: { runbook: 'https://wiki.example/api', rule: 'burn' } }), never);
    await notifier.notify(aNotice({ type: 'acknowledged' }), never);
    expect(hook.received.map(({ json }) => json)).toMatchObject([
      { event_action: 'trigger', links: [{ href: 'https://wiki.example/api', text: 'runbook' }] },
      { routing_key: 'R0', dedup_key: 'slo-api/burn/1h@1', event_action: 'acknowledge' },
    ]);
  });

  it('gets no summary longer than it takes', async () => {
    await using hook = await startHook();
    const notifier = pagerdutyNotifier({ name: 'p', url: hook.url, routingKey: 'R0', source });
    await notifier.notify(aNotice({ summary: 'x'.repeat(2000) }), never);
    expect(hook.received[0]?.json).toMatchObject({ payload: { summary: `SEV-2 ${'x'.repeat(1018)}` } });
  });
});

describe('any notifier', () => {
  const slack = (url: string): Notifier => slackNotifier({ name: 'slack', url, source });

  it.each([
    [429, { 'retry-after': '7' }, { ok: false, retry: true, afterMs: 7000, reason: '429 slow down' }],
    [
      503,
      { 'retry-after': 'Tue, 24 Nov 2026 12:00:09 GMT', date: 'Tue, 24 Nov 2026 12:00:00 GMT' },
      { ok: false, retry: true, afterMs: 9000, reason: '503 slow down' },
    ],
    [503, { 'retry-after': 'soon' }, { ok: false, retry: true, reason: '503 slow down' }],
    [503, {}, { ok: false, retry: true, reason: '503 slow down' }],
    [400, {}, { ok: false, retry: false, reason: '400 slow down' }],
  ])('takes %i for what it is', async (status, headers, told) => {
    await using hook = await startHook();
    hook.answer = { status, headers, body: 'slow\n  down' };
    expect(await slack(hook.url).notify(aNotice(), never)).toEqual(told);
  });

  it('may be tried again when nobody listens, and when nobody answers', async () => {
    const hook = await startHook();
    hook.answer = null;
    const silent = await slack(hook.url).notify(aNotice(), AbortSignal.timeout(50));
    expect(silent).toMatchObject({ ok: false, retry: true });
    await hook[Symbol.asyncDispose]();
    expect(await slack(hook.url).notify(aNotice(), never)).toMatchObject({
      ok: false,
      retry: true,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('reads no more of an answer than it shows', async () => {
    await using hook = await startHook();
    hook.answer = { status: 500, body: 'y'.repeat(5_000_000) };
    expect(await slack(hook.url).notify(aNotice(), never)).toEqual({
      ok: false,
      retry: true,
      reason: `500 ${'y'.repeat(300)}…`,
    });
  });
});

describe('Slack', () => {
  it('is told in its markup, with what it reserves written out', async () => {
    await using hook = await startHook();
    const notifier = slackNotifier({ name: 'slack', url: hook.url, source });
    await notifier.notify(aNotice({ type: 'resolved', as: 'review', summary: 'p95 < 250 & > 100' }), never);
    expect(hook.received[0]?.json).toEqual({
      text: 'SEV-2 over: p95 &lt; 250 &amp; &gt; 100',
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text: 'SEV-2 over: p95 &lt; 250 &amp; &gt; 100' } },
        {
          type: 'context',
          elements: [{ type: 'mrkdwn', text: 'fra1 (staging) · for on-call · for review: too few events to page' }],
        },
      ],
    });
  });
});

describe('a webhook', () => {
  it('is signed over its id, its time and its body, and has the same id however often it is tried', async () => {
    await using hook = await startHook();
    const secret = 'a-secret-of-some-length';
    let nowMs = NOW;
    const notifier = webhookNotifier({
      name: 'w',
      url: hook.url,
      secrets: [secret],
      headers: { 'x-team': 'sre' },
      source,
      wallMs: () => nowMs,
    });
    await notifier.notify(aNotice(), never);
    nowMs += 5000;
    await notifier.notify(aNotice(), never);
    const [first, second] = hook.received;
    if (first === undefined || second === undefined) throw new Error('two were sent');
    expect(first.json).toEqual({ type: 'alert.firing', source, data: aNotice() });
    expect(first.headers['x-team']).toBe('sre');
    for (const { headers, text } of [first, second]) {
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`;
      const mac = createHmac('sha256', secret).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${mac}`);
    }
    expect(first.headers['webhook-id']).toBe(second.headers['webhook-id']);
    expect(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp'])).toBe(5);
  });
});

describe('a webhook whose secret is changed', () => {
  it('is signed under both secrets, so that receivers may change one by one', async () => {
    await using hook = await startHook();
    const secrets = ['the-new-secret-of-some-length', 'whsec_dGhlIG9sZCBzZWNyZXQgaXMgYmFzZTY0'];
    const options = { name: 'w', url: hook.url, headers: {}, source, wallMs: () => NOW };
    await webhookNotifier({ ...options, secrets }).notify(aNotice(), never);
    const [got] = hook.received;
    if (got === undefined) throw new Error('one was sent');
    const signed = `${String(got.headers['webhook-id'])}.${String(got.headers['webhook-timestamp'])}.${got.text}`;
    const keys = ['the-new-secret-of-some-length', 'the old secret is base64'];
    const macs = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(got.headers['webhook-signature']).toBe(macs.join(' '));
  });
});

describe('a ticket', () => {
  it('is made as Jira wants it, once: not for what goes on, or is over', async () => {
    await using hook = await startHook();
    const template = jiraTemplate('OPS', 'Task');
    const notifier = ticketNotifier({
      name: 't',
      url: `${hook.url}/rest/api/2/issue`,
      headers: { authorization: 'Basic x' },
      template,
      source,
    });
    for (const type of ['firing', 'reminder', 'acknowledged', 'resolved'] as const) {
      expect(await notifier.notify(aNotice({ type, severity: 'SEV-3' }), never)).toEqual({ ok: true });
    }
    expect(hook.received).toHaveLength(1);
    expect(hook.received[0]).toMatchObject({ path: '/rest/api/2/issue', headers: { authorization: 'Basic x' } });
    expect(hook.received[0]?.json).toEqual({
      fields: {
        project: { key: 'OPS' },
        issuetype: { name: 'Task' },
        summary: 'SEV-3 burning at 14.4× or more',
        description:
          'burning at 14.4× or more\n\nkey: slo-api/burn/1h\nrule: burn\nopened: 2026-11-24T12:00:00.000Z\n\n' +
          'from pulsedrill at fra1 (staging), alert slo-api/burn/1h@1',
        labels: ['pulsedrill', 'SEV-3'],
      },
    });
  });

  it('has the form that its template gives it, and fills in nothing twice', async () => {
    await using hook = await startHook();
    const template = {
      title: '{summary} in {service}',
      urgent: false,
      n: 3,
      tags: ['{rule}', '{unknown}'],
      none: null,
    };
    const notifier = ticketNotifier({ name: 't', url: hook.url, headers: {}, template, source });
    await notifier.notify(aNotice({ summary: 'about {service}' }), never);
    expect(hook.received[0]?.json).toEqual({
      title: 'about {service} in client-api',
      urgent: false,
      n: 3,
      tags: ['burn', '{unknown}'],
      none: null,
    });
  });
});

describe('the log', () => {
  it('has one line a notice', async () => {
    const lines: string[] = [];
    await logNotifier('log', (line) => lines.push(line)).notify(aNotice({ type: 'reminder' }), never);
    expect(lines).toEqual(['notice (reminder, for on-call): SEV-2 burning at 14.4× or more']);
  });
});

describe.skipIf(isMissing(ALERTMANAGER, ALERTMANAGER))('a real Alertmanager', () => {
  it('has an alert that fires, stays while it is repeated, and is resolved', async () => {
    await using alertmanager = await startAlertmanager();
    const notifier = alertmanagerNotifier({
      name: 'am',
      url: `${alertmanager.url}/`,
      headers: {},
      source,
      wallMs: Date.now,
    });
    const opened = new Date().toISOString();
    const notice = aNotice({ details: { rule: 'burn', opened }, atMs: Date.now() });
    const labels = {
      alertname: 'burn',
      severity: 'SEV-2',
      as: 'page',
      to: 'on-call',
      source,
      alert: 'slo-api/burn/1h@1',
      service: 'client-api',
      objective: 'slo-api',
    };
    expect(await notifier.notify(notice, never)).toEqual({ ok: true });
    const active = { labels, status: { state: 'active' }, annotations: { summary: 'burning at 14.4× or more' } };
    await eventually(async () => {
      expect(await alertmanager.get('/alerts')).toMatchObject([active]);
      return true;
    }, 'it fires');
    const [first] = posted.parse(await alertmanager.get('/alerts'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await notifier.notify({ ...notice, type: 'reminder', atMs: Date.now() }, never)).toEqual({ ok: true });
    const later = posted.parse(await alertmanager.get('/alerts'));
    expect(later).toHaveLength(1);
    expect(later[0]?.fingerprint).toBe(first?.fingerprint);
    expect(Date.parse(later[0]?.endsAt ?? '')).toBeGreaterThan(Date.parse(first?.endsAt ?? ''));
    expect(await notifier.notify({ ...notice, type: 'resolved' }, never)).toEqual({ ok: true });
    await eventually(async () => {
      expect(await alertmanager.get('/alerts')).toEqual([]);
      return true;
    }, 'it is resolved');
  });
});
