/** What a frame holds, as text. */
import { isUtf8 } from 'node:buffer';
import { constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { codeOf } from '../network.ts';
import type { LineSpec } from './spec.ts';

/** `unreadable`: of another sort than agreed, or not to be unpacked; `too-large`: it would be, unpacked. */
export type Payload = { readonly text: string } | { readonly problem: 'unreadable' | 'too-large' };

/** Reads binary frames. Text frames are read as they are, whatever these hold: venues acknowledge in plain text. */
export function payloadReader(payload: LineSpec['payload'], maxBytes: number): (data: Buffer) => Payload {
  const unpack = unpacker(payload, maxBytes);
  return (data) => {
    if (unpack === null) return { problem: 'unreadable' };
    try {
      const bytes = unpack(data);
      return isUtf8(bytes) ? { text: bytes.toString() } : { problem: 'unreadable' };
    } catch (error) {
      return { problem: codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'unreadable' };
    }
  };
}

/** Unpacking stops at the cap, so that a small frame cannot become a large one. */
function unpacker(payload: LineSpec['payload'], maxBytes: number): ((data: Buffer) => Buffer) | null {
  const options = { maxOutputLength: maxBytes, finishFlush: constants.Z_SYNC_FLUSH };
  switch (payload) {
    case 'text':
      return null;
    case 'binary':
      return (data) => data;
    case 'gzip':
      return (data) => gunzipSync(data, options);
    default:
      return (data) => (hasZlibHeader(data) ? inflateSync(data, options) : inflateRawSync(data, options));
  }
}

/** RFC 1950, 2.2: method 8, and the two bytes are a multiple of 31. Venues say "deflate" of both forms. */
function hasZlibHeader(data: Buffer): boolean {
  return data.length >= 2 && ((data[0] ?? 0) & 0x0f) === 8 && data.readUInt16BE(0) % 31 === 0;
}
