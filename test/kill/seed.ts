import process from 'node:process';

/** How many kills: a few in the gate, fifty by `npm run test:kill`. */
export const ROUNDS = Number(process.env['PULSEDRILL_KILLS'] ?? '3');

/** The same of a ledger's writer, which takes a second each. */
export const LEDGER_ROUNDS = Number(process.env['PULSEDRILL_LEDGER_KILLS'] ?? ROUNDS);

/**
 * The few of the gate are others each day, so that in time all moments are tried; the tests that use it carry it in their
 * names. PULSEDRILL_SEED repeats those of another day.
 */
export const SEED = Number(process.env['PULSEDRILL_SEED'] ?? new Date().toISOString().slice(0, 10).replaceAll('-', ''));
