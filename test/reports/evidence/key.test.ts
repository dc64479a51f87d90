import { generateKeyPairSync } from 'node:crypto';
import { assert, jsonValue, nat, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonical, parseCanonical } from '../../../reports/evidence/canonical.ts';
import {
  fingerprintOf,
  isSignedBy,
  makeKeyPair,
  readPrivateKey,
  readPublicKey,
  signed,
} from '../../../reports/evidence/key.ts';

const pair = makeKeyPair();

describe('a signing key', () => {
  test('signs what only its public half verifies, byte by byte', () => {
    const [secret, known, other] = [
      readPrivateKey(pair.privatePem),
      readPublicKey(pair.publicPem),
      readPublicKey(makeKeyPair().publicPem),
    ];
    if (secret === null || known === null || other === null) throw new Error('keys that were just made do not read');
    assert(
      property(uint8Array({ minLength: 1, maxLength: 200 }), nat(), (content, at) => {
        const signature = signed(content, secret);
        expect(isSignedBy(content, signature, known)).toBe(true);
        expect(isSignedBy(content, signature, other)).toBe(false);
        const changed = content.with(at % content.length, (content[at % content.length] ?? 0) ^ 1);
        expect(isSignedBy(changed, signature, known)).toBe(false);
        expect(isSignedBy(content, signature.subarray(1), known)).toBe(false);
      }),
      { numRuns: 20 },
    );
    expect(fingerprintOf(secret)).toBe(pair.fingerprint);
    expect(fingerprintOf(known)).toBe(pair.fingerprint);
    expect(pair.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('is no other kind of key, and a private one is no public one', () => {
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(readPrivateKey(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())).toBeNull();
    expect(readPublicKey(rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString())).toBeNull();
    expect(readPublicKey(pair.privatePem)).toBeNull();
    expect(readPrivateKey('nothing')).toBeNull();
  });
});

describe('canonical JSON', () => {
  test('is one text for one value, whatever the order of its keys', () => {
    assert(
      property(jsonValue({ maxDepth: 5 }), (value) => {
        const text = canonical(value);
        const read = parseCanonical(text);
        expect(read.ok ? canonical(read.value) : read.problem).toBe(text);
        expect(canonical(reversed(value))).toBe(text);
      }),
    );
    expect(canonical({ b: 1, a: [null, 'x', 2.5], c: undefined })).toBe('{"a":[null,"x",2.5],"b":1}');
  });

  test.each([
    ['{"a":1,"a":2}', 'not canonical JSON at character 5 (a key twice, a space, or a number written otherwise)'],
    ['{"a": 1}', 'not canonical JSON at character 5 (a key twice, a space, or a number written otherwise)'],
    ['[1e999]', 'Infinity is no number of JSON'],
    ['[9007199254740993]', 'not canonical JSON at character 16 (a key twice, a space, or a number written otherwise)'],
    ['[NaN]', 'not JSON'],
    ['['.repeat(200_000), 'nested deeper than 32 levels'],
  ])('refuses what is not: case %#', (text, problem) => {
    expect(parseCanonical(text)).toEqual({ ok: false, problem });
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  );
}
