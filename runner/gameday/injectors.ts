/** The one map of injectors. A new one is its file under scenarios/injectors/ and a line here. */
import type { Injector } from '../../scenarios/injector.ts';
import { toxiproxyInjector } from '../../scenarios/injectors/toxiproxy.ts';

/** Enough to reach the targets from any process: plain JSON, as the configuration has it. */
export interface InjectorSetting {
  readonly kind: 'toxiproxy';
  readonly url: string;
}

export function openInjector(setting: InjectorSetting): Injector {
  return toxiproxyInjector({ url: setting.url });
}
