import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formsOf, redactor } from '../../../probes/browser/redaction.ts';
import { keptEvent, keptExchange, keptLines } from '../../../probes/browser/trace-record.ts';

const SECRET = 'p@ss "wörd" & <more>+/';
const redact = redactor(new Map([[SECRET, '${PASSWORD}']]));

describe('redaction', () => {
  it.each([
    ['as it is', SECRET],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['in an address', `/login?p=${encodeURIComponent(SECRET)}`],
    ['in a form', new URLSearchParams({ p: SECRET }).toString()],
    ['in a page', 'p@ss &quot;wörd&quot; &amp; &lt;more&gt;+/'],
    ['in basic authentication', Buffer.from(`user:${SECRET}`).toString('base64')],
  ])('finds a secret %s', (_where, text) => {
    expect(redact(text)).toContain('${PASSWORD}');
  });

  it('finds its beginning where somebody else has cut a text, and nowhere else', () => {
    const inAddress = encodeURIComponent(SECRET);
    expect(redact(`refused: ${SECRET.slice(0, 9)}`)).toBe('refused: ${PASSWORD}');
    expect(redact(`GET /?p=${inAddress.slice(0, 12)}…: 500`)).toBe('GET /?p=${PASSWORD}…: 500');
    expect(redact(`${SECRET.slice(0, 9)} is here`)).toBe(`${SECRET.slice(0, 9)} is here`);
    expect(redact(`refused: ${SECRET.slice(0, 7)}`)).toBe(`refused: ${SECRET.slice(0, 7)}`);
  });

  it('finds it in base64 whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, unit: 'grapheme-ascii' }),
        fc.string(),
        fc.string(),
        fc.constantFrom('base64' as const, 'base64url' as const),
        (secret, before, after, encoding) => {
          const text = Buffer.from(`${before}${secret}${after}`).toString(encoding);
          expect(formsOf(secret).some((form) => text.includes(form))).toBe(true);
        },
      ),
    );
  });

  it('masks the longer of two secrets whole', () => {
    const both = redactor(
      new Map([
        ['token', '${A}'],
        ['token-long', '${B}'],
      ]),
    );
    expect(both('x token-long token')).toBe('x ${B} ${A}');
  });
});

describe('what is kept of a trace', () => {
  const keep = (line: unknown) => JSON.stringify(keptEvent(line));

  it('holds no picture, no copy of a page, and nothing of a kind that is not known', () => {
    for (const type of ['frame-snapshot', 'screencast-frame', 'resource-snapshot', 'aria', 'something-new']) {
      expect(keptEvent({ type, html: [SECRET] })).toBeNull();
    }
  });

  it('holds what was done, and neither what was typed nor what scripts were given and gave back', () => {
    const before = { type: 'before', callId: 'c', class: 'Frame', method: 'fill', startTime: 1 };
    expect(
      keep({ ...before, params: { selector: '#p', value: 'typed', text: 'typed', arg: 'typed', timeout: 5 } }),
    ).toBe(
      '{"type":"before","callId":"c","startTime":1,"class":"Frame","method":"fill","params":{"selector":"#p","timeout":5}}',
    );
    expect(keep({ type: 'after', callId: 'c', endTime: 2, result: { value: 'session' } })).toBe(
      '{"type":"after","callId":"c","endTime":2}',
    );
    expect(keep({ type: 'log', callId: 'c', time: 1, message: '  fill("typed")' })).toContain('"message":"  fill(…)"');
    expect(keep({ type: 'log', callId: 'c', time: 1, message: 'resolved to <input value="typed" id="a"/>' })).toContain(
      String.raw`<input value=\"…\" id=\"a\"/>`,
    );
    expect(keep({ type: 'console', text: 'said', args: [{ preview: 'typed' }] })).toBe(
      '{"type":"console","text":"said","args":[]}',
    );
  });

  it('holds requests without bodies, cookies, or the values of headers and addresses that say who asked', () => {
    const line = JSON.stringify({
      type: 'resource-snapshot',
      snapshot: {
        time: 3,
        request: {
          method: 'POST',
          url: 'http://a/login?token=t0ken&x=1#access_token=t0ken',
          headers: [
            { name: 'Authorization', value: 'Bearer t0ken' },
            { name: 'Accept', value: '*/*' },
            { name: 'X-Csrf', value: 't0ken' },
          ],
          cookies: [{ name: 'sid', value: 't0ken' }],
          queryString: [{ name: 'token', value: 't0ken' }],
          postData: { text: 't0ken' },
        },
        response: {
          status: 200,
          headers: [{ name: 'Set-Cookie', value: 'sid=t0ken' }],
          cookies: [{ name: 'sid', value: 't0ken' }],
          content: { size: 5, mimeType: 'text/html', _sha1: 'x', text: 't0ken' },
        },
        _webSocketMessages: [{ data: 't0ken' }],
      },
    });
    const kept = keptLines(`${line}\n`, keptExchange, redact);
    expect(kept).not.toContain('t0ken');
    expect(JSON.parse(kept)).toMatchObject({
      snapshot: {
        time: 3,
        request: {
          method: 'POST',
          url: 'http://a/login?token=…&x=…#access_token=…',
          headers: [
            { name: 'Authorization', value: '…' },
            { name: 'Accept', value: '*/*' },
            { name: 'X-Csrf', value: '…' },
          ],
        },
        response: { status: 200, content: { size: 5, mimeType: 'text/html' } },
      },
    });
  });
});
