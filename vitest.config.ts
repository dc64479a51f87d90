import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers and child processes: generous, so that a slow machine is not a red build; no test asserts its own speed.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    // Most files wait more than they compute; one worker fewer than cores would leave a machine of two with one.
    maxWorkers: '100%',
    // A thread that loads TypeScript may kill its process otherwise (decision 0051), and some tests start threads alone.
    execArgv: ['--no-wasm-code-gc'],
    reporters: ['default'],
  },
});
