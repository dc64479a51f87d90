import type { Page } from 'playwright';

/** Something to see: an element, a text, or a text in an element. */
export interface Sight {
  readonly selector?: string | undefined;
  readonly text?: string | undefined;
}

/** What a journey walks with. */
export interface JourneyContext {
  /** Of a fresh context: no cookies, no cache. Relative addresses are below the probe's `url`. */
  readonly page: Page;
  /** The probe's `url`. Nothing has been opened yet. */
  readonly url: string;
  /** The probe's `variables`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Times a part of the journey; a name that is used twice is added up. */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** Waits until it is visible, as the probe's `expect` does. */
  readonly see: (sight: Sight) => Promise<void>;
  /** Aborts at the run's deadline, or when the process stops. */
  readonly signal: AbortSignal;
}

/** A walk through pages, as a user takes it. What it throws makes the run bad. */
export interface Journey {
  readonly name: string;
  readonly walk: (context: JourneyContext) => Promise<void>;
}

/** For TypeScript configurations: `journey: journey('positions', async ({ page, step }) => { … })`. */
export function journey(name: string, walk: Journey['walk']): Journey {
  return { name, walk };
}

export function isJourney(value: unknown): value is Journey {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'walk' in value &&
    typeof value.walk === 'function'
  );
}
