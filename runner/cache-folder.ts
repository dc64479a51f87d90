/**
 * Where a start leaves what spares the next one work; null: nowhere. In the user's own folder: in one that everybody shares,
 * anybody could leave us something.
 */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string | null {
  const { XDG_CACHE_HOME, HOME } = env;
  const folder = XDG_CACHE_HOME ?? (HOME === undefined ? null : `${HOME}/.cache`);
  return folder?.startsWith('/') === true ? `${folder}/pulsedrill` : null;
}
