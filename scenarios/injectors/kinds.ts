/** The one map of injectors: how each is configured, and how it is made. */
import { z } from 'zod';
import type { Injector } from '../injector.ts';
import { toxiproxyInjector, toxiproxySchema } from './toxiproxy.ts';

/** One entry of `gamedays.injectors`. */
export const injectorSchema = z.discriminatedUnion('kind', [toxiproxySchema], { error: 'an injector: toxiproxy' });

export type InjectorSpec = z.output<typeof injectorSchema>;

const INJECTORS: {
  readonly [K in InjectorSpec['kind']]: (spec: Extract<InjectorSpec, { kind: K }>, gameday: string) => Injector;
} = {
  toxiproxy: ({ url, proxies }, gameday) => toxiproxyInjector({ url, proxies, gameday }),
};

/** The injector that a configuration names, for one game-day. */
export function createInjector(spec: InjectorSpec, gameday: string): Injector {
  return INJECTORS[spec.kind](spec, gameday);
}
