import process from 'node:process';
import type { SecureContext } from 'node:tls';

export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string | undefined;
}

/** TLS settings are parsed once: doing it for each connection costs more than the handshake's own bookkeeping. */
export function secureContextFor(url: URL, ca: string | undefined, identity?: Identity): SecureContext | null {
  if (url.protocol !== 'https:') return null;
  // Loaded where there is TLS: a configuration without a certificate of its own is read without it.
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  return createSecureContext({ ...(ca === undefined ? {} : { ca }), ...identity });
}
