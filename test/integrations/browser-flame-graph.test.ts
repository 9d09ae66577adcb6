import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBrowser } from "../../src/browser.ts";
import { linkSecret } from "../../src/integrations/http/link-secret.ts";
import { type Listener, openListener } from "../../src/integrations/http/listener.ts";
import { linkSigner } from "../../src/integrations/http/signed-link.ts";
import type { Artifacts } from "../../src/ports/artifacts.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { fakeClock } from "../fakes/clock.ts";

const signal = new AbortController().signal;
const key = "incidents/gf-1/bundle/goroutine-1.pb.gz";
const clock = fakeClock();
const nowhere = () => undefined;
let folder: string;
let artifacts: Artifacts;
let listener: Listener;
let profile: Buffer;

/** The address of this listener for a link whose origin is the public one. */
function here(url: string): string {
  return url.replace("https://gofire.example.com", listener.url);
}

async function link(artifactKey = key): Promise<string> {
  const side = await openBrowser(
    { url: "https://gofire.example.com/" },
    folder,
    { artifacts, clock },
    nowhere,
  );
  return here(side.links.linkTo(artifactKey, "goroutine of order")?.url ?? "");
}

/** With parts of its query replaced. */
function changed(url: string, parts: Readonly<Record<string, string>>): string {
  const other = new URL(url);
  for (const [name, value] of Object.entries(parts)) other.searchParams.set(name, value);
  return other.href;
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { redirect: "manual" });
  await response.arrayBuffer();
  return response.status;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-browser-"));
  artifacts = fakeArtifacts(join(folder, "artifacts"));
  profile = await readFile("src/analyzers/goroutine-mutex-pileup/fixtures/fires-behind-io/goroutine-1.pb.gz");
  await artifacts.put(key, once(profile), { contentType: "application/gzip" }, signal);
  const { routes } = await openBrowser(
    { url: "https://gofire.example.com" },
    folder,
    { artifacts, clock },
    nowhere,
  );
  listener = await openListener({ host: "127.0.0.1", port: 0 }, routes);
});
afterAll(async () => {
  await listener.close();
  await rm(folder, { recursive: true, force: true });
});

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}

describe("browser flame graph", () => {
  it("leads from the link to the page, and from the page to the profile", async () => {
    const opened = await fetch(await link(), { redirect: "manual" });
    expect(opened.status).toBe(302);
    const location = opened.headers.get("location") ?? "";
    expect(location).toMatch(
      /^\/flame-graph\/view\/#title=goroutine%20of%20order&view=left-heavy&profileURL=/,
    );
    const page = await fetch(`${listener.url}${location}`);
    expect(await page.text()).toContain("<title>speedscope</title>");
    const source = decodeURIComponent(location.split("profileURL=")[1] ?? "");
    const answer = await fetch(`${listener.url}${source}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(profile);
  });

  it("serves the page's own files with a policy that lets nothing out", async () => {
    const page = await fetch(`${listener.url}/flame-graph/view/`);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    const files = [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => file);
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) expect(await statusOf(`${listener.url}/flame-graph/view/${file}`)).toBe(200);
  });

  it.each([
    "view/../../../../etc/passwd",
    "view/..%2f..%2fpackage.json",
    "view/%2e%2e/index.html",
    "view/release.txt",
    "view/missing.js",
    "",
    "elsewhere",
  ])("has nothing at %j", async (path) => {
    const response = await fetch(`${listener.url}/flame-graph/${path}`);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("root:");
  });

  it("opens nothing for a link that was changed, whatever is changed", async () => {
    const url = await link();
    expect(await statusOf(changed(url, { key: "incidents/gf-2/bundle/heap-1.pb.gz" }))).toBe(403);
    expect(await statusOf(changed(url, { until: String(clock.nowMs() + 10 ** 12) }))).toBe(403);
    expect(await statusOf(changed(url, { signature: "" }))).toBe(403);
    expect(await statusOf(`${listener.url}/flame-graph/profile`)).toBe(403);
    const response = await fetch(changed(url, { signature: "A".repeat(43) }));
    expect(await response.text()).toContain("not made by this gofire");
  });

  it("says when a link has expired, when its profile is gone, and that it only reads", async () => {
    const url = await link();
    const gone = await link("incidents/gf-1/bundle/heap-1.pb.gz");
    expect(await statusOf(gone)).toBe(404);
    const posted = await fetch(url, { method: "POST", body: "x" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    clock.advance(12 * 3_600_000);
    const expired = await fetch(url);
    expect(expired.status).toBe(410);
    expect(await expired.text()).toContain("expired");
  });

  it("links to the listener itself when there is no other address, once it listens", async () => {
    let own: string | undefined;
    const { links } = await openBrowser({}, folder, { artifacts, clock }, () => own);
    expect(links.linkTo(key, "goroutine")).toBeUndefined();
    own = listener.url;
    expect(await statusOf(links.linkTo(key, "goroutine")?.url ?? "")).toBe(302);
  });

  it("does not take an address that links cannot be made of, nor a secret that can be guessed", async () => {
    for (const url of ["gofire.example.com", "https://gofire.example.com/path", "ftp://x", "https://"]) {
      await expect(openBrowser({ url }, folder, { artifacts, clock }, nowhere)).rejects.toThrow("GOFIRE_URL");
    }
    const short = { url: "https://gofire.example.com", secret: "short" };
    await expect(openBrowser(short, folder, { artifacts, clock }, nowhere)).rejects.toThrow(
      "GOFIRE_LINK_SECRET",
    );
  });
});

describe("linkSigner", () => {
  it("accepts what it signed and nothing else", () => {
    const signer = linkSigner(Buffer.alloc(32, 1));
    const other = linkSigner(Buffer.alloc(32, 2));
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 10 ** 14 }), (artifactKey, untilMs) => {
        const query = signer.sign({ artifactKey, untilMs });
        expect(signer.check(query, untilMs - 1)).toEqual({ artifactKey, untilMs });
        expect(signer.check(query, untilMs)).toBe("expired");
        expect(other.check(query, untilMs - 1)).toBe("wrong");
        const longer = new URLSearchParams(query);
        longer.set("until", String(untilMs + 1));
        expect(signer.check(longer, 0)).toBe("wrong");
        const moved = new URLSearchParams(query);
        moved.set("key", `${artifactKey}x`);
        expect(signer.check(moved, 0)).toBe("wrong");
      }),
    );
  });
});

describe("linkSecret", () => {
  it("is made once, by one of many that begin together, for its owner's eyes only", async () => {
    const state = join(folder, "state");
    const secrets = await Promise.all(Array.from({ length: 8 }, () => linkSecret(undefined, state)));
    expect(new Set(secrets.map((secret) => Buffer.from(secret).toString("hex"))).size).toBe(1);
    expect(secrets[0]).toHaveLength(32);
    expect((await stat(join(state, "link-secret"))).mode & 0o777).toBe(0o600);
    expect(await linkSecret(undefined, state)).toEqual(secrets[0]);
  });

  it("refuses a damaged file rather than signing with nothing", async () => {
    await writeFile(join(folder, "link-secret"), "abc\n");
    await expect(linkSecret(undefined, folder)).rejects.toMatchObject({ code: "unavailable" });
    await rm(join(folder, "link-secret"));
  });
});
