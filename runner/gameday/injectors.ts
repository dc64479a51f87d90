/** The one map of injectors. A new one is its file under scenarios/injectors/ and a line here. */
import type { z } from 'zod';
import type { Injector } from '../../scenarios/injector.ts';
import { toxiproxyInjector } from '../../scenarios/injectors/toxiproxy.ts';
import type { toxiproxySchema } from '../../scenarios/injectors/toxiproxy.ts';

/** As the configuration has it: plain JSON, enough to reach the targets from any process. */
export type InjectorSetting = z.output<typeof toxiproxySchema>;

/** Enough to undo, wherever it is. */
export type Reach = Pick<InjectorSetting, 'kind' | 'url'>;

/** @param gameday whose faults they will be; needed only by who injects */
export function openInjector(setting: InjectorSetting, gameday?: string): Injector {
  return toxiproxyInjector({ url: setting.url, proxies: setting.proxies, gameday });
}

/** For who only undoes. */
export function injectorFor(reaches: readonly Reach[]): (kind: string) => Injector | null {
  const injectors = new Map<string, Injector>(
    reaches.map((reach) => [reach.kind, openInjector({ ...reach, proxies: [] })]),
  );
  return (kind) => injectors.get(kind) ?? null;
}
