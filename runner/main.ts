#!/usr/bin/env -S node --disable-warning=ExperimentalWarning --max-semi-space-size=4 --heap-growing-percent=30
// The heap options halve what a process with thousands of probes holds: V8 would keep what is long forgotten, for hours.
/** Looks at the runtime before anything is loaded that an older one does not have, and would fail on without a clear word. */
const OLDEST = { major: 22, minor: 19 };
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) {
  await keepCompiled();
  await import('./process.ts');
} else {
  process.stderr.write(
    `pulsedrill: expected Node.js ${OLDEST.major}.${OLDEST.minor} or newer, got ${process.versions.node}; ` +
      'in a checkout use "npm run -s pulsedrill -- <command>", which brings its own\n',
  );
  process.exitCode = 3;
}

/** What was compiled once is kept for the next start, which is most of what a short command takes; on any trouble, nothing is. */
async function keepCompiled(): Promise<void> {
  const { cacheFolder } = await import('./cache-folder.ts');
  const folder = cacheFolder(process.env);
  if (folder === null) return;
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(`${folder}/compiled`);
}
