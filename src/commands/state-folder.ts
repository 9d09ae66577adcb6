import type { Host } from "../ports/host.ts";

/**
 * Where gofire keeps what must outlive one run: GOFIRE_STATE, else the XDG state folder
 * (https://specifications.freedesktop.org/basedir-spec/latest/), else ./.gofire.
 */
export function stateFolder(host: Host): string {
  const own = host.environment("GOFIRE_STATE");
  if (own !== undefined) return own;
  const base = host.environment("XDG_STATE_HOME");
  if (base?.startsWith("/")) return `${base}/gofire`;
  const home = host.environment("HOME");
  return home === undefined ? ".gofire" : `${home}/.local/state/gofire`;
}
