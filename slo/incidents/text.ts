/** Each event of an incident as a line for people. */
import type { IncidentBody } from './event.ts';

/** `missed: acknowledged by on-call, due 2026-11-24 12:06Z`. */
export function bodyText(body: IncidentBody): string {
  switch (body.type) {
    case 'opened':
      return `opened by ${body.by} as ${body.severity}: ${body.title}`;
    case 'joined':
      return `alert ${body.severity}: ${body.says}`;
    case 'alert-over':
      return `alert over: ${body.alert.replace(/@[^@]*$/, '')}${body.how === 'over' ? '' : ` (${body.how})`}`;
    case 'raised':
      return `raised to ${body.severity} by ${body.by}: ${body.reason}`;
    case 'reached':
      return `reached: ${body.to}, through ${body.by}`;
    case 'acknowledged':
      return `acknowledged by ${body.by}${body.via === 'command' ? '' : ` in ${body.via}`}`;
    case 'commander':
      return body.name === body.by ? `${body.name} commands` : `${body.name} commands, says ${body.by}`;
    case 'status-posted':
      return `status posted by ${body.by}: ${body.text}`;
    case 'note':
      return `${body.by}: ${body.text}`;
    case 'linked':
      return `also ${body.system} ${body.key}`;
    case 'resolved':
      return `resolved by ${body.by}: ${body.reason}`;
    case 'reported':
      return `post-incident report filed by ${body.by}`;
    case 'reviewed':
      return `incident review held, says ${body.by}`;
    case 'told':
      return toldText(body);
    case 'deadline':
  }
  return `${body.state}: ${body.what}, due ${minuteText(body.dueMs)}`;
}

const VERBS = { firing: 'paged', escalation: 'told', acknowledged: 'told', resolved: 'told' } as const;

function toldText({ notice, to, through, says }: Extract<IncidentBody, { type: 'told' }>): string {
  const about = notice === 'acknowledged' ? 'acknowledged' : notice === 'resolved' ? 'over' : says;
  if (through.length === 0) return `nobody listens for ${to}: ${about}`;
  return `${VERBS[notice]} ${to} through ${through.join(', ')}: ${about}`;
}

/** `2026-11-24 12:06Z`. */
export function minuteText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** `2026-11-24 12:06:03Z`. */
export function secondText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
