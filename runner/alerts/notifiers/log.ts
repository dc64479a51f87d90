import type { Notifier } from '../alert.ts';

/** The process's own log: whoever collects logs is told as well. */
export function logNotifier(name: string, write: (line: string) => void): Notifier {
  return {
    name,
    kind: 'log',
    notify({ type, severity, summary, to }) {
      write(`notice (${type}, for ${to}): ${type === 'announcement' ? '' : `${severity} `}${summary}`);
      return Promise.resolve({ ok: true });
    },
  };
}
