/** What speaks against touching an interface. Changes nothing. */
import { readFileSync } from 'node:fs';
import type { Fault } from '../../fault.ts';
import type { Answer } from '../../injector.ts';
import { DONE, failure } from '../answers.ts';
import { blocksOf, handleOf } from './undo.ts';
import { planOf, type Plan } from './plan.ts';
import type { NetemTarget } from './spec.ts';
import { hasDefaultRoute, inside, linkOf, objection, qdiscsOf, tool, type Place, type Tools } from './tc.ts';

/** Returns drop (2) for every packet: a classic BPF program of one instruction. */
const DROP = '1,6 0 0 2';

/** The lines for `tc -batch` that put a fault in place. */
export function linesOf(plan: Plan, id: number, device: string): readonly string[] {
  if (plan.type === 'root') {
    return [`qdisc add dev ${device} root handle ${handleOf(id)} ${plan.queue} ${plan.args.join(' ')}`];
  }
  const { enters, leaves } = blocksOf(id);
  return [
    `qdisc add dev ${device} ingress_block ${enters} egress_block ${leaves} clsact`,
    ...[enters, leaves].map((block) => `filter add block ${block} bpf direct-action bytecode "${DROP}"`),
  ];
}

export async function able(
  spec: NetemTarget,
  place: Place,
  fault: Fault,
  tools: Tools,
  signal: AbortSignal,
): Promise<Answer<Plan>> {
  // Said before anything is asked: the largest packet plays no part in whether it can be expressed.
  const expressible = planOf(fault, 1500);
  if (!expressible.ok) return expressible;
  const missing = missingRight(place);
  if (missing !== null) return failure('unreachable', `${spec.name}: the conductor lacks ${missing}`);
  const link = await linkOf(place, tools, signal);
  if (!link.ok) return link;
  const where = `${spec.interface}${place.namespace === null ? '' : ` in namespace ${place.namespace}`}`;
  if (link.value === null) return failure('unknown-target', `${spec.name}: there is no interface ${where}`);
  if (link.value.flags.includes('LOOPBACK') && !spec.loopback) {
    return failure('conflict', `${spec.name}: ${where} is not touched: it is the loopback, and loopback is not set`);
  }
  const isDefault = await hasDefaultRoute(place, tools, signal);
  if (!isDefault.ok) return isDefault;
  if (isDefault.value && !spec.defaultRoute) {
    const why = 'the default route leads through it, and defaultRoute is not set';
    return failure('conflict', `${spec.name}: ${where} is not touched: ${why}`);
  }
  const qdiscs = await qdiscsOf(place, tools, signal);
  if (!qdiscs.ok) return qdiscs;
  // The kernel's own have handle 0.
  const foreign = qdiscs.value?.find(({ handle }) => handle !== '0:');
  if (foreign !== undefined) {
    return failure(
      'conflict',
      `${spec.name}: ${where} has a qdisc of somebody else: ${foreign.kind} ${foreign.handle}`,
    );
  }
  const planned = planOf(fault, link.value.mtu);
  if (!planned.ok) return planned;
  const tried = await rehearse(planned.value, tools, signal);
  if (tried !== null) return failure('cannot-express', `${fault.type} on ${spec.name}: this machine cannot: ${tried}`);
  return planned;
}

/** In a network namespace of its own, which ends with the command: whether this kernel knows how. Null: it does. */
async function rehearse(plan: Plan, tools: Tools, signal: AbortSignal): Promise<string | null> {
  const input = `${linesOf(plan, 0x7000, 'lo').join('\n')}\n`;
  const ran = await tool(['unshare', '--net', '--', 'tc', '-batch', '-'], tools, signal, input);
  // Whoever may not make a namespace finds out at the injection.
  return ran.type === 'exited' && ran.stderr.startsWith('unshare:') ? null : objection(ran);
}

export async function put(
  plan: Plan,
  id: number,
  place: Place,
  tools: Tools,
  signal: AbortSignal,
): Promise<Answer<void>> {
  const input = `${linesOf(plan, id, place.interface).join('\n')}\n`;
  const why = objection(await tool([...inside('tc', place), '-batch', '-'], tools, signal, input));
  return why === null ? DONE : failure('failed', `${place.name}: ${why}`);
}

const NET_ADMIN = 12n;
const SYS_ADMIN = 21n;

/** Of a process that has rights by capabilities; null: none is missing, or nobody can tell. */
function missingRight({ namespace }: Place): string | null {
  const rights = rightsOf();
  if (rights === null) return null;
  const has = (bit: bigint) => ((rights >> bit) & 1n) === 1n;
  if (!has(NET_ADMIN)) return 'the right to change network interfaces (CAP_NET_ADMIN)';
  return namespace !== null && !has(SYS_ADMIN) ? 'the right to enter a network namespace (CAP_SYS_ADMIN)' : null;
}

function rightsOf(): bigint | null {
  try {
    const [, hex] = /^CapEff:\s*([\da-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return hex === undefined ? null : BigInt(`0x${hex}`);
  } catch {
    return null;
  }
}

/** Of the namespace that the target names; null: the conductor's own. */
export const placeOf = ({ name, interface: device, namespace }: NetemTarget): Place => ({
  name,
  interface: device,
  namespace: namespace ?? null,
});
