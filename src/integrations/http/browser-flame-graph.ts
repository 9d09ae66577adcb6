import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { PortError } from "../../domain/errors.ts";
import type { BrowserLink } from "../../domain/incidents/incident.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProfileLinks } from "../../ports/profile-links.ts";
import { packageFile } from "../package-file.ts";
import type { Answer } from "./listener.ts";
import type { LinkSigner } from "./signed-link.ts";

/** Where the page, its files and the profiles are; the listener's route. */
export const flameGraphPath = "/flame-graph/";

/** Long enough for the incident and its review in the morning, too short for a leaked link to matter for long. */
const linkLifeMs = 12 * 3_600_000;

/** speedscope's files (MIT), as its package ships them: https://github.com/jlfwong/speedscope. */
const page = "speedscope/dist/release/index.html";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

/**
 * The page may load its own files and nothing else: profiles stay on this machine and in the reader's browser.
 * speedscope writes its styles into the page, hence `unsafe-inline` for these; it has no inline script.
 */
const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

export interface BrowserFlameGraphParts {
  readonly artifacts: Pick<Artifacts, "get" | "stat">;
  readonly signer: LinkSigner;
  readonly clock: Pick<Clock, "nowMs">;
}

/** Links to stored profiles below the address at which people reach gofire, once that is known. */
export function profileLinks(
  origin: () => string | undefined,
  { signer, clock }: Pick<BrowserFlameGraphParts, "signer" | "clock">,
): ProfileLinks {
  return {
    linkTo(artifactKey, title): BrowserLink | undefined {
      const address = origin();
      if (address === undefined) return undefined;
      const untilMs = clock.nowMs() + linkLifeMs;
      const query = signer.sign({ artifactKey, untilMs });
      query.set("title", title);
      return { url: `${address.replace(/\/+$/, "")}${flameGraphPath}open?${query.toString()}`, untilMs };
    },
  };
}

/**
 * Answers below `flameGraphPath`:
 * - `open?…`: checks the link, then shows the page with its profile; says in words why it cannot.
 * - `profile?…`: the profile itself, for the same link.
 * - `view/…`: the page and its files, the same for everybody.
 */
export function browserFlameGraph(parts: BrowserFlameGraphParts): Answer {
  return async (request, response) => {
    request.resume();
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    try {
      await answer(request, response, parts);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else if (error instanceof PortError && error.code === "not-found") tell(response, 404, words.gone);
      else tell(response, 503, words.unavailable);
    }
  };
}

const words = {
  wrong: "This link is not complete, or was not made by this gofire. Open it again from the thread.",
  expired:
    "This link has expired. Capture again, or open the profile in the thread with go tool pprof -http=:",
  gone: "This profile is no longer kept.",
  unavailable: "The profile cannot be read right now. Try again in a minute.",
  missing: "There is nothing here.",
  method: "Only to be read.",
} as const;

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { artifacts, signer, clock }: BrowserFlameGraphParts,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    tell(response, 405, words.method);
    return;
  }
  // Only path and query of it are looked at.
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://gofire.invalid");
  const name = pathname.slice(flameGraphPath.length);
  if (name.startsWith("view/")) {
    await sendPage(request, response, name.slice("view/".length));
    return;
  }
  if (name !== "open" && name !== "profile") {
    tell(response, 404, words.missing);
    return;
  }
  const target = signer.check(query, clock.nowMs());
  if (target === "wrong" || target === "expired") {
    tell(response, target === "wrong" ? 403 : 410, words[target]);
    return;
  }
  response.setHeader("cache-control", "no-store");
  const ending = new AbortController();
  response.once("close", () => ending.abort(new Error("the reader is gone")));
  const stored = await artifacts.stat(target.artifactKey, ending.signal);
  if (stored === undefined) {
    tell(response, 404, words.gone);
    return;
  }
  if (name === "open") {
    const title = query.get("title") ?? "profile";
    query.delete("title");
    const fragment = new URLSearchParams({
      title,
      // Samples of a Go profile have no order in time.
      view: "left-heavy",
      profileURL: `${flameGraphPath}profile?${query.toString()}`,
    });
    // A fragment has %20 for a blank: speedscope decodes it with decodeURIComponent.
    const location = `${flameGraphPath}view/#${fragment.toString().replaceAll("+", "%20")}`;
    response.writeHead(302, { location }).end();
    return;
  }
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-disposition": "attachment",
    "content-length": stored.bytes,
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(artifacts.get(target.artifactKey, ending.signal), response);
}

/** Names without a slash and with an ending we know: the page's files are flat. */
async function sendPage(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
  const file = name === "" ? "index.html" : name;
  const contentType = contentTypes[extname(file)];
  if (!/^[\w.-]+$/.test(file) || contentType === undefined) {
    tell(response, 404, words.missing);
    return;
  }
  let content: Uint8Array;
  try {
    content = await readFile(join(dirname(packageFile(page)), file));
  } catch {
    tell(response, 404, words.missing);
    return;
  }
  // All names but the page's own change with their content.
  const life = file === "index.html" ? "no-cache" : "public, max-age=86400, immutable";
  response.writeHead(200, {
    "content-type": contentType,
    "cache-control": life,
    "content-length": content.length,
  });
  response.end(request.method === "HEAD" ? undefined : content);
}

function tell(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(`${text}\n`);
}
