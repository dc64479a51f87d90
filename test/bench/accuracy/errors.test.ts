import { describe, expect, it } from 'vitest';
import { measuredOf } from '../../../bench/accuracy/blackbox.ts';
import { countsOf, offOf, sizesOf } from '../../../bench/accuracy/errors.ts';

const run = (firstByteMs: number, latencyMs: number, counts: boolean) => ({
  firstByteMs,
  latencyMs,
  counts,
  heldUpMs: null,
});

describe('how far figures are from the truth', () => {
  it('keeps the sign of one run', () => {
    const measured = { bytes: 7, firstByteMs: 3.5, latencyMs: 2, counts: true, heldUpMs: 0.25 };
    expect(offOf(measured, 3)).toEqual({ firstByteMs: 0.5, latencyMs: -1, counts: true, heldUpMs: 0.25 });
  });

  it('takes too little for as wrong as too much', () => {
    expect(sizesOf([-3, 1, 2])).toEqual({ median: 2, p99: 3 });
  });

  it('names the nearest rank as p99: the 99th of a hundred', () => {
    expect(sizesOf(Array.from({ length: 100 }, (_, index) => index + 1)).p99).toBe(99);
  });

  it('has nothing to say of no runs', () => {
    expect(() => sizesOf([])).toThrow(new RangeError('no errors'));
  });
});

it('counts a run as off when either figure is, and not at the tolerance itself', () => {
  const runs = [run(0, 2, true), run(0, 2.1, true), run(-2.1, 0, true), run(0, 9, false), run(0, 1, false)];
  expect(countsOf(runs, 2)).toEqual({ runs: 5, off: 3, flagged: 2, unflagged: 2, spared: 1 });
});

describe('the exporter’s metrics', () => {
  const metrics = `# TYPE probe_http_content_length gauge
probe_http_content_length 12
probe_http_duration_seconds{phase="connect"} 0.0001
probe_http_duration_seconds{phase="processing"} 0.0025
probe_http_duration_seconds{phase="resolve"} 1e-05
probe_http_duration_seconds{phase="tls"} 0
probe_http_duration_seconds{phase="transfer"} 0.0002
`;

  it('are read as first byte and latency in milliseconds', () => {
    const { bytes, firstByteMs, latencyMs } = measuredOf(metrics);
    expect({ bytes, firstByteMs }).toEqual({ bytes: 12, firstByteMs: 2.5 });
    expect(latencyMs).toBeCloseTo(2.81, 9);
  });

  it('without the phase that is compared are an error', () => {
    expect(() => measuredOf('probe_http_content_length 12\n')).toThrow('no figures in: probe_http_content_length 12');
  });
});
