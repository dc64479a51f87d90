import type { Clock } from './probe.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/** A signal that aborts after `ms` (reason: a `TimeoutError`), or with its parent and the parent's reason. */
export function deadline(clock: Clock, ms: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  const over = new AbortController();
  const stop = () => controller.abort(parent.reason);
  if (parent.aborted) stop();
  else {
    parent.addEventListener('abort', stop, { once: true });
    clock.sleep(ms, over.signal).then(
      () => controller.abort(new DOMException(`not within ${Math.round(ms)} ms`, 'TimeoutError')),
      () => {},
    );
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      over.abort();
      parent.removeEventListener('abort', stop);
    },
  };
}

/** A signal that aborts `ms` after its parent has, with the parent's reason: what was begun may be put back until then. */
export function reprieve(clock: Clock, ms: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  const over = new AbortController();
  const count = () => {
    clock.sleep(ms, over.signal).then(
      () => controller.abort(parent.reason),
      () => {},
    );
  };
  if (parent.aborted) count();
  else parent.addEventListener('abort', count, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      over.abort();
      parent.removeEventListener('abort', count);
    },
  };
}
