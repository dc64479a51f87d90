/** The objectives that other sections may name, as far as they can be read: one mistake among them hides none elsewhere. */
import { governs } from '../../slo/objective.ts';
import { timeBase } from '../../slo/time-base.ts';
import { draftOf, keyed } from './draft.ts';
import { buildObjectives } from './objectives.ts';
import { plannedOf, type ProbeDraft } from './probes.ts';
import { documentSchema, objectiveSchema, overrideSchema, settingsSchema } from './schema.ts';

export interface KnownObjective {
  readonly id: string;
  readonly service: string;
  /** Null: it cannot be read. */
  readonly target: string | null;
  /** In real time, as the policy has it; null likewise. */
  readonly windowMs: number | null;
}

/** @param document `objectives` as its user wrote it. @returns null where not even their ids are sure */
export function knownObjectives(document: unknown, drafts: readonly ProbeDraft[]): readonly KnownObjective[] | null {
  const whole = built(document, drafts);
  if (whole !== null) return whole;
  const group = keyed(document);
  const own = listOf(group === null ? document : group['add']).map((given) => split(objectiveSchema, given));
  const override = listOf(group?.['override']).map((given) => split(overrideSchema, given));
  const strange = own.flatMap(({ isRead, draft: { fields } }): readonly (KnownObjective | null)[] => {
    if (isRead) return [];
    const { id, service } = fields;
    return [id === undefined || service === undefined ? null : { id, service, target: null, windowMs: null }];
  });
  const settings = settingsSchema.safeParse(group?.['settings']);
  const add = own.flatMap(({ isRead, given }) => (isRead ? [given] : []));
  const rest = built(
    group === null
      ? add
      : {
          ...(group['extends'] === undefined ? {} : { extends: group['extends'] }),
          ...(settings.success && group['settings'] !== undefined ? { settings: group['settings'] } : {}),
          override: override.flatMap(({ isRead, given }) => (isRead ? [given] : [])),
          add,
        },
    drafts,
  );
  if (rest === null || strange.includes(null)) return null;
  // What cannot be read of an override may be the target or the window; the row is there all the same.
  const unsure = new Set(override.flatMap(({ isRead, draft }) => (isRead ? [] : [draft.fields.id])));
  return [
    ...rest.map((each) => (unsure.has(each.id) ? { ...each, target: null, windowMs: null } : each)),
    ...strange.filter((each) => each !== null),
  ];
}

function built(document: unknown, drafts: readonly ProbeDraft[]): readonly KnownObjective[] | null {
  const read = documentSchema.shape.objectives.safeParse(document);
  return read.success ? buildObjectives(read.data, drafts, plannedOf(drafts), timeBase(1)).filter(governs) : null;
}

function split<S extends typeof objectiveSchema | typeof overrideSchema>(schema: S, given: unknown) {
  return { given, isRead: schema.safeParse(given).success, draft: draftOf(schema, given) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
