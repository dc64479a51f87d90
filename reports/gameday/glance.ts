/** The first ten lines, for those in a hurry. */
import { faultText } from '../fault-text.ts';
import { consumedPercent, count, plural, utc } from '../figures.ts';
import { code, list, text } from '../markdown.ts';
import { FOLLOW_UP_MS, gapsOf, RETRO_MS } from './actions.ts';
import { ownAlerts } from './alerts.ts';
import { compareText } from './compare.ts';
import { goalsText } from './goals.ts';
import type { Kept, Stretch } from './record.ts';
import type { Story } from './story.ts';

export function glance(story: Story, { spent, before }: Pick<Kept, 'spent' | 'before'>): string {
  const { started, faults, lastMs } = story;
  const broke = faults
    .flatMap(({ prepared }) =>
      prepared === null ? [] : [`${text(faultText(prepared.what))} on ${code(prepared.target.name)}`],
    )
    .join('; ');
  const goals = goalsText(story);
  const compared = compareText(story, before);
  const gaps = gapsOf(story).length;
  return list([
    ...(started === null
      ? []
      : [
          `**What:** ${code(started.component)} in ${code(started.environment)}: ${broke === '' ? 'nothing was broken' : broke}`,
        ]),
    ...(goals === null ? [] : [`**Goals:** ${goals}`]),
    `**Alerts:** ${alertsSaid(story)}`,
    `**Invariants:** ${invariantsSaid(story)}`,
    `**Budget spent:** ${budgetSaid(story, spent)}`,
    ...(compared === null ? [] : [`**The run before:** ${compared}`]),
    `**To do:** ${gaps === 0 ? 'no gap was seen' : plural(gaps, 'gap')}; retrospective by ${utc(lastMs + RETRO_MS).slice(0, 16)} UTC, follow-up by ${utc(lastMs + FOLLOW_UP_MS).slice(0, 10)}`,
  ]);
}

function alertsSaid(story: Story): string {
  const { alerts, started } = story;
  if (alerts === null) {
    const seen = ownAlerts(story).filter(({ change }) => change === 'opened').length;
    const expected = (started?.charter?.alerts ?? null) === null ? 'none expected' : 'not judged';
    return `${expected}, ${seen === 0 ? 'none' : String(seen)} seen`;
  }
  const of = (state: string): number => alerts.expected.filter((each) => each.state === state).length;
  const wrong = [
    [of('missing'), 'missing'],
    [of('late'), 'late'],
    [of('before'), 'stood already'],
    [alerts.unexpected.length, 'unexpected'],
  ] as const;
  const parts = wrong.filter(([n]) => n > 0).map(([n, word]) => `**${n} ${word}**`);
  return [`${of('in-time')} of ${alerts.expected.length} expected came in time`, ...parts].join(', ');
}

function invariantsSaid({ invariants }: Story): string {
  if (invariants.length === 0) return 'none looked at';
  const broken = invariants.filter(({ ok }) => ok === false);
  const unknown = invariants.filter(({ ok }) => ok === null).length;
  const kept = invariants.length - broken.length - unknown;
  return [
    ...(broken.length === 0 ? [] : [`**not kept: ${broken.map(({ name }) => text(name)).join(', ')}**`]),
    `${kept} of ${invariants.length} kept`,
    ...(unknown === 0 ? [] : [`${unknown} not checked`]),
  ].join(', ');
}

/** The objective that it cost most. */
function budgetSaid({ injected }: Story, spent: Stretch | null): string {
  if (spent === null) return injected === null ? 'nothing was broken, so that it spent nothing' : 'not computed';
  const [most] = spent.by.toSorted((a, b) => (b.share ?? 0) - (a.share ?? 0));
  if (most === undefined) return 'no objective was fed meanwhile';
  const figures = `${consumedPercent(most.share)} of the whole budget of ${code(most.objective)} (${count(most.bad)} bad of ${plural(most.valid, 'event')})`;
  const others = spent.by.length - 1;
  return others === 0 ? figures : `${figures}, and no larger share of ${plural(others, 'other')}`;
}
