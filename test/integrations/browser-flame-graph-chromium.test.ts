import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, openBrowser as openChromium } from "../../scripts/screenshots/browser.ts";
import { openBrowser } from "../../src/browser.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { type Listener, openListener } from "../../src/integrations/http/listener.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { decodedPng } from "../png.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);
const isRequired = process.env.GOFIRE_REQUIRE_CHROMIUM !== undefined;
const signal = new AbortController().signal;

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}

describe.skipIf(chromium === undefined && !isRequired)("browser flame graph in Chromium", () => {
  let folder: string;
  let listener: Listener;
  let browser: Browser;
  const links = new Map<string, string>();
  const fixtures = {
    goroutine: "goroutine-mutex-pileup/fixtures/fires-behind-io/goroutine-1.pb.gz",
    heap: "heap-growth/fixtures/fires-growing-map/heap-2.pb.gz",
    cpu: "cpu-serialization/fixtures/fires-context/cpu.pb.gz",
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-browser-"));
    const artifacts = fakeArtifacts(join(folder, "artifacts"));
    const side = await openBrowser({}, folder, { artifacts, clock: systemClock }, () => listener.url);
    listener = await openListener({ host: "127.0.0.1", port: 0 }, side.routes);
    for (const [kind, file] of Object.entries(fixtures)) {
      const key = `incidents/gf-1/bundle/${kind}.pb.gz`;
      const content = await readFile(`src/analyzers/${file}`);
      await artifacts.put(key, once(content), { contentType: "application/gzip" }, signal);
      links.set(kind, side.links.linkTo(key, `${kind} of order & co`)?.url ?? "");
    }
    browser = await openChromium(chromium ?? "chromium");
  });
  afterAll(async () => {
    await browser.close();
    await listener.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ["goroutine", "runtime.gopark"],
    ["heap", "store.(*Sessions).Remember"],
    ["cpu", "encoding/json."],
  ])(
    "shows the functions of a %s profile, and asks nobody but gofire",
    async (kind, symbol) => {
      const opened = await fetch(links.get(kind) ?? "", { redirect: "manual" });
      // The table of functions, heaviest themselves first, is text; the graph itself is drawn on a canvas.
      const table = (opened.headers.get("location") ?? "")
        .replace("left-heavy", "sandwich")
        // Another fragment alone is no other page.
        .replace("view/#", `view/?${kind}#`);
      const shown = `document.body.innerText.includes(${JSON.stringify(symbol)})
        && document.title.startsWith(${JSON.stringify(`${kind} of order & co`)})
        && performance.getEntriesByType("resource").length > 2
        && performance.getEntriesByType("resource").every(({ name }) => name.startsWith(location.origin))`;
      const png = decodedPng(await browser.picture(`${listener.url}${table}`, 1_280, shown, "body"));
      expect(png.width).toBe(1_280);
    },
    60_000,
  );

  it("draws the graph where the link leads", async () => {
    const drawn = `[...document.querySelectorAll("canvas")].some(({ width }) => width > 500)
      && document.body.innerText.includes("Left Heavy")`;
    const png = decodedPng(await browser.picture(links.get("goroutine") ?? "", 1_280, drawn, "body"));
    const coloured = png.share(
      ([red, green, blue]) => Math.max(red, green, blue) - Math.min(red, green, blue) > 20,
    );
    expect(coloured).toBeGreaterThan(0.02);
  });
});
