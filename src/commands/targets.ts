import { UsageError } from "../domain/errors.ts";
import type { GoTargetAccess, GoTargetAddress } from "../ports/go-target.ts";

/** A process that can be captured, and the service it is one of. */
export interface NamedTarget {
  readonly service?: string;
  readonly instance?: string;
  readonly address: GoTargetAddress;
  readonly access: GoTargetAccess;
}

/** What a person may say about a target on the command line instead of in gofire.yaml. */
export interface TargetOverrides {
  readonly pprofPath?: string | undefined;
  readonly metrics?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly access: GoTargetAccess;
}

/** Does the word name an address, rather than a service of gofire.yaml? */
export function looksLikeAddress(word: string): boolean {
  return /^(?:https?:\/\/|unix:)/i.test(word) || /^(?:localhost|\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}(?:\/|$)/i.test(word);
}

/**
 * The address that a person typed: `http://host:port[/path]`, `host:port`, or `unix:/path/to.sock`. A path is taken for
 * the pprof index's. Credentials in the URL are moved out of it, so that they are never printed or saved.
 */
export function typedTarget(word: string, overrides: TargetOverrides): NamedTarget {
  const unix = word.startsWith("unix:") ? word.slice("unix:".length).replace(/^\/\/(?=\/)/, "") : overrides.socketPath;
  let url: URL;
  try {
    url = new URL(word.startsWith("unix:") ? "http://localhost" : /^https?:\/\//i.test(word) ? word : `http://${word}`);
  } catch {
    throw new UsageError(`"${word}" is no address. Write http://HOST:PORT, HOST:PORT or unix:/PATH.`);
  }
  const typedPath = url.pathname === "/" ? undefined : url.pathname;
  const credentials =
    url.username === ""
      ? undefined
      : {
          kind: "basic" as const,
          username: decodeURIComponent(url.username),
          password: decodeURIComponent(url.password),
        };
  return {
    address: {
      origin: url.origin,
      ...(unix === undefined ? {} : { socketPath: unix }),
      pprofPath: folderPath(overrides.pprofPath ?? typedPath ?? "/debug/pprof/"),
      metrics: overrides.metrics ?? "/metrics",
      expvarPath: "/debug/vars",
    },
    access: { ...(credentials === undefined ? {} : { credentials }), ...overrides.access },
  };
}

function folderPath(path: string): string {
  return `/${path.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/");
}
