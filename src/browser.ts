/** What people reach by links: the browser flame graph of `gofire serve`. */
import { UsageError } from "./domain/errors.ts";
import type { Endpoint } from "./endpoints.ts";
import { browserFlameGraph, flameGraphPath, profileLinks } from "./integrations/http/browser-flame-graph.ts";
import { linkSecret } from "./integrations/http/link-secret.ts";
import { linkSigner } from "./integrations/http/signed-link.ts";
import type { Artifacts } from "./ports/artifacts.ts";
import type { Clock } from "./ports/clock.ts";
import type { ProfileLinks } from "./ports/profile-links.ts";

/** Where people reach gofire, and what signs the links that lead there. */
export interface BrowserSettings {
  /**
   * `https://gofire.example.com`: leads to the listener of `gofire serve`. That listener's own address when absent: good
   * for browsers on the same machine.
   */
  readonly url?: string;
  /** Shared by all processes; one of the state folder when absent. */
  readonly secret?: string;
}

export interface BrowserSide extends Endpoint {
  readonly links: ProfileLinks;
}

/** Throws UsageError for an address or a secret that cannot be used, PortError when the state folder cannot be. */
export async function openBrowser(
  { url, secret }: BrowserSettings,
  stateFolder: string,
  { artifacts, clock }: { readonly artifacts: Artifacts; readonly clock: Clock },
  ownUrl: () => string | undefined,
): Promise<BrowserSide> {
  if (url !== undefined && !isAddress(url)) {
    throw new UsageError(
      `GOFIRE_URL (or web.url in gofire.yaml) is "${url}" and should look like https://gofire.example.com, without a path.`,
    );
  }
  const signer = linkSigner(await linkSecret(secret, stateFolder));
  return {
    links: profileLinks(() => url ?? ownUrl(), { signer, clock }),
    routes: { [flameGraphPath]: browserFlameGraph({ artifacts, signer, clock }) },
  };
}

function isAddress(url: string): boolean {
  return /^https?:\/\/[^/?#@]+\/?$/.test(url) && URL.canParse(url);
}
