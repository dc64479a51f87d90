import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TargetVersion } from '../../slo/objective.ts';
import { ASKED, retroactive, versionsOf, withHistory, type TargetRecord } from '../../slo/target-history.ts';
import { versionAt } from '../../slo/targets.ts';
import { DAY, MINUTE, NOW, objective } from './fixtures.ts';

const NOW_STEP = Math.floor(NOW / MINUTE) * MINUTE;
const options = { stepMs: MINUTE, nowMs: NOW };

function version(target: string, change: Partial<TargetVersion> = {}): TargetVersion {
  return { version: null, target, limit: null, fromMs: null, rfc: null, signOffs: [], lacks: [], ...change };
}

const record = (atMs: number, ...versions: readonly TargetVersion[]): TargetRecord => ({ atMs, versions });

/** An objective as a configuration has it. */
function configured(...versions: readonly TargetVersion[]) {
  return objective({ target: versions.at(-1)?.target ?? '0.999', versions });
}

const timeline = (of: ReturnType<typeof configured>) =>
  (of.versions ?? []).map(({ target, fromMs }) => [target, fromMs]);

describe('targets with a history', () => {
  it('are what the configuration says while nothing is on record', () => {
    const plain = objective();
    expect(withHistory(plain, [], options)).toBe(plain);
    expect(versionsOf(plain)).toEqual([version('0.999')]);
    const dated = configured(version('0.99'), version('0.999', { fromMs: NOW - DAY }));
    expect(timeline(withHistory(dated, [], options))).toEqual([
      ['0.99', null],
      ['0.999', NOW - DAY],
    ]);
  });

  it('keep the past when a number changes without a date: it holds from the step in which it was first seen', () => {
    const seen = [record(NOW - 9 * DAY, version('0.99'))];
    const changed = withHistory(configured(version('0.999')), seen, options);
    expect(timeline(changed)).toEqual([
      ['0.99', null],
      ['0.999', NOW_STEP],
    ]);
    expect(changed.versions?.at(-1)?.lacks).toEqual(ASKED);
    expect(ASKED).toEqual(['version', 'from', 'rfc', 'SRE lead', 'domain owner', 'product']);
    const recorded = [...seen, record(NOW - DAY, version('0.999'))];
    expect(timeline(withHistory(configured(version('0.999')), recorded, options))).toEqual([
      ['0.99', null],
      ['0.999', NOW_STEP - DAY],
    ]);
  });

  it('hold from the announced date on, and not at all when they are taken back before it', () => {
    const announced = [version('0.99'), version('0.999', { fromMs: NOW + DAY })];
    const seen = [record(NOW - 9 * DAY, version('0.99')), record(NOW - DAY, ...announced)];
    expect(timeline(withHistory(configured(...announced), seen, options))).toEqual([
      ['0.99', null],
      ['0.999', NOW + DAY],
    ]);
    expect(timeline(withHistory(configured(version('0.99')), seen, options))).toEqual([['0.99', null]]);
  });

  it('do not let a date in the past change what is on record, and mark the change as retroactive', () => {
    const seen = [record(NOW - 9 * DAY, version('0.99', { version: 'playbook' }))];
    const back = [
      version('0.99', { version: 'playbook' }),
      version('0.999', { version: 'v2', fromMs: NOW_STEP - 3 * DAY }),
    ];
    const held = withHistory(configured(...back), seen, options);
    expect(timeline(held)).toEqual([
      ['0.99', null],
      ['0.999', NOW_STEP],
    ]);
    expect(held.versions?.[1]?.claimedFromMs).toBe(NOW_STEP - 3 * DAY);
    expect(retroactive(configured(...back), seen, options)).toEqual([
      {
        version: back[1],
        claimedFromMs: NOW_STEP - 3 * DAY,
        untilMs: NOW_STEP,
        recorded: expect.objectContaining({ target: '0.99' }),
      },
    ]);
    // Once it is on record it stays marked, and stays a contradiction.
    const later = [...seen, record(NOW, ...back)];
    const tomorrow = { stepMs: MINUTE, nowMs: NOW + DAY };
    expect(withHistory(configured(...back), later, tomorrow).versions?.[1]?.claimedFromMs).toBe(NOW_STEP - 3 * DAY);
    expect(retroactive(configured(...back), later, tomorrow)).toHaveLength(1);
  });

  it('contradict nothing when a date in the past is older than the record, or names what is on record', () => {
    const dated = [version('0.99'), version('0.999', { version: 'v2', fromMs: NOW_STEP - 3 * DAY })];
    expect(retroactive(configured(...dated), [], options)).toEqual([]);
    expect(retroactive(configured(...dated), [record(NOW - DAY, version('0.999'))], options)).toEqual([]);
    const asItWas = [record(NOW - 9 * DAY, version('0.99')), record(NOW_STEP - 3 * DAY, version('0.999'))];
    expect(retroactive(configured(...dated), asItWas, options)).toEqual([]);
  });

  it('warn of a stretch of the past that is rewritten as a whole, though the present stays the same', () => {
    const seen = [record(NOW - 9 * DAY, version('0.99'))];
    const rewritten = configured(
      version('0.99'),
      version('0.95', { version: 'lenient', fromMs: NOW_STEP - 3 * DAY }),
      version('0.99', { version: 'strict again', fromMs: NOW_STEP - DAY }),
    );
    expect(timeline(withHistory(rewritten, seen, options))).toEqual([['0.99', null]]);
    expect(retroactive(rewritten, seen, options)).toMatchObject([
      { version: { version: 'lenient' }, claimedFromMs: NOW_STEP - 3 * DAY, untilMs: NOW_STEP - DAY },
    ]);
  });

  it('take words, links and sign-offs that are given later for the same version', () => {
    const seen = [record(NOW - 9 * DAY, version('0.99')), record(NOW - 3 * DAY, version('0.999'))];
    const named = version('0.999', { version: 'v2', rfc: 'https://rfcs.example/7', lacks: ['product'] });
    const held = withHistory(configured(named), [...seen, record(NOW - DAY, named)], options);
    expect(held.versions).toEqual([
      expect.objectContaining({ target: '0.99', fromMs: null }),
      { ...named, fromMs: NOW_STEP - 3 * DAY },
    ]);
    // Taking them away again leaves a version that nobody signed off.
    const silent = withHistory(configured(version('0.999')), [...seen, record(NOW - DAY, named)], options);
    expect(silent.versions?.at(-1)?.lacks).toEqual(ASKED);
  });

  it('carry the limits that held with them', () => {
    const limited = (ms: number, fromMs: number | null = null) =>
      version('0.95', { limit: { ms, strict: true }, fromMs });
    const sli = { type: 'threshold' as const, indicator: 'latency', ms: 300, strict: true };
    const of = { ...configured(limited(300)), sli };
    const held = withHistory(of, [record(NOW - 9 * DAY, limited(250))], options);
    expect(held.sli).toEqual({ ...sli, earlier: [{ ms: 250, strict: true, untilMs: NOW_STEP }] });
    // A change of target alone leaves the limit as it is.
    const same = withHistory(of, [record(NOW - 9 * DAY, { ...limited(300), target: '0.9' })], options);
    expect(same.sli).toEqual(sli);
    expect(timeline(same)).toEqual([
      ['0.9', null],
      ['0.95', NOW_STEP],
    ]);
  });

  it('never judge a moment by anything that was first seen after it', () => {
    const share = fc.constantFrom('0.9', '0.95', '0.99', '0.999');
    const minute = fc.integer({ min: 0, max: 100 }).map((minutes) => NOW_STEP + minutes * MINUTE);
    const said = fc
      .tuple(share, fc.option(fc.tuple(share, minute)))
      .map(([first, then]) => [version(first), ...(then === null ? [] : [version(then[0], { fromMs: then[1] })])]);
    fc.assert(
      fc.property(fc.array(fc.tuple(minute, said), { minLength: 1, maxLength: 6 }), minute, (all, asked) => {
        const records = all.map(([atMs, versions]) => record(atMs, ...versions)).toSorted((a, b) => a.atMs - b.atMs);
        const newest = records.at(-1);
        if (newest === undefined) return;
        const held = withHistory(configured(...newest.versions), records, { stepMs: MINUTE, nowMs: newest.atMs });
        // What was known at that moment, and what it said of it.
        const known = records.findLast(({ atMs }) => atMs <= asked) ?? records[0];
        const wanted = known?.versions.findLast(({ fromMs }) => fromMs === null || fromMs <= asked);
        expect(versionAt(held, asked)?.target).toBe(wanted?.target);
      }),
    );
  });
});
