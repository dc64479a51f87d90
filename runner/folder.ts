/** The folder that a user works in. */
export function workingFolder(env: Readonly<Record<string, string | undefined>>, current: string): string {
  // `npm run` changes into the package's root; whoever types it in a folder of a checkout means that folder.
  const isOurScript = env['npm_package_name'] === 'pulsedrill' && env['npm_lifecycle_event'] === 'pulsedrill';
  return (isOurScript ? env['INIT_CWD'] : undefined) ?? current;
}
