/** The key that signs evidence: Ed25519, as PEM. Its fingerprint is what people compare. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

export interface KeyPair {
  /** PKCS#8, PEM. */
  readonly privatePem: string;
  /** SPKI, PEM. */
  readonly publicPem: string;
  readonly fingerprint: string;
}

export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(publicKey),
  };
}

/** "sha256:" and the SHA-256 of the public key's SPKI in DER, in lower-case hexadecimal. @param key either half of a pair */
export function fingerprintOf(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const der = half.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/** Null for anything but a private Ed25519 key without a passphrase; why is not said, since it would quote the text. */
export function readPrivateKey(pem: string): KeyObject | null {
  return ed25519(() => createPrivateKey(pem));
}

/** Null for anything but a public Ed25519 key. A private one is refused: a customer should never have got it. */
export function readPublicKey(pem: string): KeyObject | null {
  return pem.includes('PRIVATE KEY') ? null : ed25519(() => createPublicKey(pem));
}

function ed25519(read: () => KeyObject): KeyObject | null {
  try {
    const key = read();
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** 64 bytes. */
export function signed(content: Uint8Array, key: KeyObject): Uint8Array {
  return new Uint8Array(sign(null, content, key));
}

export function isSignedBy(content: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  return signature.length === 64 && verify(null, content, key, signature);
}
