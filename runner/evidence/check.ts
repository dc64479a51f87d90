/** Verifies a bundle: what it proves by itself, and, beside its ledger, what the raw results say. */
import type { KeyObject } from 'node:crypto';
import type { Content } from '../../reports/evidence/content.ts';
import { bundleStore } from '../../reports/evidence/bundle-store.ts';
import { EDITION } from '../../reports/evidence/edition.ts';
import type { Files } from '../../reports/evidence/files.ts';
import type { Manifest } from '../../reports/evidence/manifest.ts';
import { decodeReport, type Computed } from '../../reports/evidence/report-data.ts';
import { verifyBundle, type Verification } from '../../reports/evidence/verify.ts';
import { timeBase } from '../../slo/time-base.ts';
import { measuredPeriods } from '../../store/periods.ts';
import { judgeWithout } from '../exclusions.ts';
import type { Audience } from '../reporting.ts';
import { drawPages } from './draw.ts';
import { recompute } from './recompute.ts';

export function checkBundle(files: Files, key: KeyObject | null): Promise<Verification> {
  return verifyBundle(files, {
    key,
    compute: computeAgain,
    render: async ({ tool, query }, content, computed) =>
      tool.edition === EDITION ? drawAgain(content, computed, query.audience) : null,
  });
}

async function computeAgain(manifest: Manifest, { tallies, events, samples }: Content): Promise<Computed> {
  const { definitions, query } = manifest;
  const base = timeBase(manifest.base.scale);
  const reader = bundleStore({ stepMs: base.minuteMs, tallies, events });
  const statuses = await recompute(reader, { definitions, base, toMs: query.toMs, samples });
  const { without, exclusions } = await judgeWithout(reader, statuses, base);
  return { statuses, without, exclusions, periods: await measuredPeriods(reader, statuses, base) };
}

async function drawAgain(content: Content, computed: Computed, audience: Audience): Promise<Files> {
  const pages = await drawPages(decodeReport(content.report, computed), audience);
  return new Map([...pages].map(([name, bytes]) => [`report/${name}`, bytes]));
}
