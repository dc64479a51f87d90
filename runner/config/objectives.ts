/** Binds what was promised to what is asked, once nothing is wrong with either. */
import { companionsOf } from '../../slo/companions.ts';
import type { Objective, Sli, Weighing } from '../../slo/objective.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { tradepulseObjectives } from '../../slo/tradepulse.ts';
import type { PlannedProbe } from './configuration.ts';
import type { ProbeDraft } from './probes.ts';
import type { Document, ObjectiveDocument, OverrideDocument, SettingsDocument } from './schema.ts';

export function buildObjectives(
  document: Document['objectives'],
  drafts: readonly ProbeDraft[],
  probes: readonly PlannedProbe[],
  base: TimeBase,
): readonly Objective[] {
  const { settings, override, add } = document;
  const rows = document.extends === 'tradepulse' ? shippedRows(drafts, settings, base) : [];
  const changed = rows.map((row) =>
    override.filter(({ id }) => id === row.id).reduce((each, by) => change(each, by, base), row),
  );
  return [
    ...changed.flatMap((row) => [row, ...companionsOf(row)]),
    ...add.map((own) => buildOwn(own, probes, base, settings.minEvents)),
  ];
}

/** The shipped rows, fed by the probes as far as these can be read. */
export function shippedRows(
  drafts: readonly ProbeDraft[],
  { minEvents, brokerSlaMs }: SettingsDocument,
  base: TimeBase,
): readonly Objective[] {
  return tradepulseObjectives({
    base,
    settings: brokerSlaMs === undefined ? { minEvents } : { minEvents, brokerSlaMs },
    probes: drafts.flatMap(({ id, service, fields, measures }) => {
      if (id === null || service === null || fields.kind === undefined) return [];
      return [
        {
          id,
          kind: fields.kind,
          service,
          ...(measures === null ? {} : { measures }),
          ...(fields.kind === 'market-data' ? { mode: fields.mode } : {}),
          ...(fields.kind === 'paper-order' ? { startsFromSignal: fields.signal !== undefined } : {}),
          ...(fields.endpoint === undefined ? {} : { endpoint: fields.endpoint }),
        },
      ];
    }),
  });
}

function change(row: Objective, by: OverrideDocument, base: TimeBase): Objective {
  const isChanged = by.target !== undefined && by.target !== row.target;
  return {
    ...row,
    target: by.target ?? row.target,
    windowMs: by.window === undefined ? row.windowMs : by.window / base.scale,
    minEvents: by.minEvents ?? row.minEvents,
    ...(by.burn === undefined ? {} : { burn: by.burn }),
    assumptions: isChanged
      ? [...row.assumptions, `target changed from ${row.target}: not signed off`]
      : row.assumptions,
  };
}

export function sliOf(document: ObjectiveDocument['sli']): Sli {
  if (document === 'availability' || document === 'quantity') return { type: document };
  const { indicator, within, below } = document;
  return { type: 'threshold', indicator, ms: within ?? below ?? 0, strict: below !== undefined };
}

function buildOwn(
  own: ObjectiveDocument,
  probes: readonly PlannedProbe[],
  base: TimeBase,
  minEvents: number,
): Objective {
  const named = own.probes ?? [];
  const sli = sliOf(own.sli);
  return {
    id: own.id,
    title: own.title ?? own.id,
    commitment: own.commitment,
    service: own.service,
    owners: [],
    supporting: [],
    target: own.target,
    windowMs: own.window / base.scale,
    slidingMs: own.sliding === undefined ? null : own.sliding / base.scale,
    sli,
    weighing: weighingOf(
      sli,
      probes.filter(({ id }) => named.includes(id)),
    ),
    split: own.split ?? null,
    minEvents: own.minEvents ?? minEvents,
    probes: named,
    unknownBecause: null,
    assumptions: [],
    ...(own.burn === undefined ? {} : { burn: own.burn }),
  };
}

/** Events of a continuous watch that each stand for themselves. */
const COUNTED: ReadonlySet<string> = new Set(['tick-age', 'signal-age']);

/** Ticks and signals of a continuous watch weigh one each; everything else weighs the time it stands for. Modes are never mixed. */
function weighingOf(sli: Sli, probes: readonly PlannedProbe[]): Weighing {
  if (sli.type === 'quantity') return 'quantity';
  if (sli.type !== 'threshold' || !COUNTED.has(sli.indicator)) return 'time';
  return probes.some(({ mode }) => mode === 'continuous') ? 'count' : 'time';
}
