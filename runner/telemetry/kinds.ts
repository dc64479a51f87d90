/** What opens a source of each kind. */
import type { SourceDocument } from '../config/sources.ts';
import { createInfluxdb } from './influxdb.ts';
import { createPrometheus } from './prometheus.ts';
import type { TelemetrySource } from './source.ts';

/** Opens no socket: the first question does. */
export function openSource(spec: SourceDocument): TelemetrySource {
  return spec.kind === 'prometheus' ? createPrometheus(spec) : createInfluxdb(spec);
}
