/** Binds what was promised to what is asked, once nothing is wrong with either. */
import { companionsOf } from '../../slo/companions.ts';
import type { Limit, Objective, Sli, TargetVersion, Weighing } from '../../slo/objective.ts';
import { ASKED, limitOf, withHistory } from '../../slo/target-history.ts';
import type { TimeBase } from '../../slo/time-base.ts';
import { syntheticOf, tradepulseObjectives, type BoundProbe, type BoundSource } from '../../slo/tradepulse.ts';
import { boundSources, ownFeed } from './bindings.ts';
import type { PlannedProbe } from './configuration.ts';
import type { ProbeDraft } from './probes.ts';
import type { Document, ObjectiveDocument, OverrideDocument, SettingsDocument } from './schema.ts';
import type { SourceDocument } from './sources.ts';
import { numbersOf, versionOf, type EarlierDocument, type Numbers } from './targets.ts';

export function buildObjectives(
  document: Document['objectives'],
  drafts: readonly ProbeDraft[],
  probes: readonly PlannedProbe[],
  base: TimeBase,
  sources: readonly SourceDocument[] = [],
): readonly Objective[] {
  const { settings, override, add } = document;
  const bound = boundSources(document.bind, sources);
  const rows = document.extends === 'tradepulse' ? shippedRows(drafts, settings, base, bound) : [];
  const changed = rows.map((row) =>
    override.filter(({ id }) => id === row.id).reduce((each, by) => change(each, by, base), row),
  );
  return [
    ...changed.flatMap((row) => [row, ...companionsOf(row), ...syntheticOf(row, boundOf(drafts))]),
    ...add.map((own) => buildOwn(own, probes, base, settings.minEvents, sources)),
  ];
}

/** The shipped rows, fed by the probes as far as these can be read. */
export function shippedRows(
  drafts: readonly ProbeDraft[],
  { minEvents, brokerSlaMs }: SettingsDocument,
  base: TimeBase,
  bound: ReadonlyMap<string, BoundSource> = new Map(),
): readonly Objective[] {
  return tradepulseObjectives({
    base,
    settings: brokerSlaMs === undefined ? { minEvents } : { minEvents, brokerSlaMs },
    probes: boundOf(drafts),
    bound,
  });
}

/** What rows need to know of the probes, as far as these can be read. */
function boundOf(drafts: readonly ProbeDraft[]): readonly BoundProbe[] {
  return drafts.flatMap(({ id, service, fields, measures }) => {
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
  });
}

/** An override is the newest version of its row: the playbook's comes first. */
function change(row: Objective, by: OverrideDocument, base: TimeBase): Objective {
  const [playbook] = row.versions ?? [];
  // Fed by telemetry, the limit stands in the query; the promise is the same, and keeps it.
  const shipped = { target: row.target, limit: playbook?.limit ?? limitOf(row.sli) };
  const { chain, newest: numbers } = chainOf(by.earlier ?? [], by, shipped);
  const isPromise = by.target !== undefined || by.limit !== undefined;
  const isRule = by.window !== undefined || by.burn !== undefined;
  const isSigning = by.rfc !== undefined || by.signOffs !== undefined;
  const asked = isPromise ? ASKED : isRule || isSigning ? ASKED.filter((each) => each !== 'from') : [];
  const newest = versionOf(by, numbers, asked);
  const before = [...(row.versions ?? []), ...chain];
  const isSigned = asked.length > 0 && newest.lacks.length === 0;
  const versions =
    newest.fromMs !== null
      ? [...before, newest]
      : asked.length > 0
        ? [
            isPromise
              ? newest
              : {
                  ...newest,
                  version: newest.version ?? playbook?.version ?? null,
                  rfc: newest.rfc ?? playbook?.rfc ?? null,
                },
          ]
        : before;
  return withHistory(
    {
      ...row,
      target: numbers.target,
      sli: limited(row.sli, numbers.limit),
      versions,
      windowMs: by.window === undefined ? row.windowMs : by.window / base.scale,
      minEvents: by.minEvents ?? row.minEvents,
      ...(by.burn === undefined ? {} : { burn: by.burn }),
      // They wait for an owner's sign-off, and here it is.
      assumptions: isSigned ? [] : row.assumptions,
    },
    [],
    { stepMs: base.minuteMs, nowMs: Number.POSITIVE_INFINITY },
  );
}

/** The versions before the newest, each with the numbers that it does not change, and the newest one's numbers. */
function chainOf(
  earlier: readonly EarlierDocument[],
  last: Parameters<typeof numbersOf>[0],
  first: Numbers,
): { readonly chain: readonly TargetVersion[]; readonly newest: Numbers } {
  const chain: TargetVersion[] = [];
  let numbers = first;
  for (const each of earlier) {
    numbers = numbersOf(each, numbers);
    chain.push(versionOf(each, numbers, ASKED));
  }
  return { chain, newest: numbersOf(last, numbers) };
}

function limited(sli: Sli, limit: Limit | null): Sli {
  return sli.type === 'threshold' && limit !== null ? { ...sli, ...limit } : sli;
}

export function sliOf(document: NonNullable<ObjectiveDocument['sli']>): Sli {
  if (document === 'availability' || document === 'quantity') return { type: document };
  const { indicator, within, below } = document;
  return { type: 'threshold', indicator, ms: within ?? below ?? 0, strict: below !== undefined };
}

function buildOwn(
  own: ObjectiveDocument,
  probes: readonly PlannedProbe[],
  base: TimeBase,
  minEvents: number,
  sources: readonly SourceDocument[],
): Objective {
  const named = own.probes ?? [];
  const feed = ownFeed(own, sources, base);
  const sli = feed?.sli ?? sliOf(own.sli ?? 'availability');
  const versions = ownVersions(own, limitOf(sli));
  const built: Objective = {
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
    ...feed,
    ...(own.burn === undefined ? {} : { burn: own.burn }),
    ...(versions === null ? {} : { versions }),
  };
  return withHistory(built, [], { stepMs: base.minuteMs, nowMs: Number.POSITIVE_INFINITY });
}

/** Null: the configuration says nothing of its versions. The first promise asks nobody; a change of it does. */
function ownVersions(own: ObjectiveDocument, limit: Limit | null): readonly TargetVersion[] | null {
  const { earlier = [], version, from, rfc, signOffs } = own;
  if (earlier.length === 0 && [version, from, rfc, signOffs].every((each) => each === undefined)) return null;
  const { chain } = chainOf(earlier, {}, { target: own.target, limit });
  const [first, ...later] = chain;
  const isSigning = rfc !== undefined || signOffs !== undefined;
  const asked = first !== undefined ? ASKED : isSigning ? ASKED.filter((each) => each !== 'from') : [];
  return [
    ...(first === undefined ? [] : [{ ...first, lacks: [] }, ...later]),
    versionOf(own, { target: own.target, limit }, asked),
  ];
}

/** Events of a continuous watch that each stand for themselves. */
const COUNTED: ReadonlySet<string> = new Set(['tick-age', 'signal-age']);

/** Ticks and signals of a continuous watch weigh one each; everything else weighs the time it stands for. Modes are never mixed. */
function weighingOf(sli: Sli, probes: readonly PlannedProbe[]): Weighing {
  if (sli.type === 'quantity') return 'quantity';
  if (sli.type !== 'threshold' || !COUNTED.has(sli.indicator)) return 'time';
  return probes.some(({ mode }) => mode === 'continuous') ? 'count' : 'time';
}
