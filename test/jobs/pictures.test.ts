import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analyzers } from "../../src/analyzers/index.ts";
import { runAnalyzers } from "../../src/analyzers/run.ts";
import type { Analysis } from "../../src/domain/findings/finding.ts";
import { readEvidence } from "../../src/integrations/artifacts/read.ts";
import { readStoredCapture } from "../../src/integrations/artifacts/stored-capture.ts";
import { resvgRasteriser } from "../../src/integrations/pictures/rasteriser.ts";
import { flameGraphPictures } from "../../src/jobs/thread/pictures.ts";
import type { PictureSource } from "../../src/ports/pictures.ts";
import type { ProfileLinks } from "../../src/ports/profile-links.ts";
import { analysisDocument } from "../../src/render/document.ts";
import { fakeArtifacts } from "../fakes/artifacts.ts";
import { decodedPng } from "../png.ts";

const signal = new AbortController().signal;
const rasteriser = resvgRasteriser();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gofire-pictures-"));
});
afterAll(async () => {
  await rasteriser.close();
  await rm(folder, { recursive: true, force: true });
});

/** A recorded case as the analyse job has it. */
async function sourceOf(recorded: string): Promise<PictureSource> {
  const bundle = `incidents/${recorded.replaceAll("/", "-")}/bundle/`;
  await cp(`src/analyzers/${recorded}`, join(folder, bundle), { recursive: true });
  await rm(join(folder, bundle, "expect.json"), { force: true });
  const { evidence, target, captures } = await readEvidence([join(folder, bundle)]);
  const judged = runAnalyzers(analyzers, evidence, target);
  const document = analysisDocument(evidence, { ...target, service: "order" }, captures, judged);
  // Without a manifest, captures are called by their path.
  const analysis: Analysis = JSON.parse(JSON.stringify(document).replaceAll(join(folder, bundle), ""));
  return { bundle, analysis, modules: [] };
}

function pictures(links?: ProfileLinks) {
  const artifacts = fakeArtifacts(folder);
  return flameGraphPictures({
    artifacts,
    rasteriser,
    readCapture: (key, signal) => readStoredCapture(artifacts, key, signal),
    ...(links === undefined ? {} : { links }),
  });
}

async function picturesOf(recorded: string, links?: ProfileLinks) {
  return await pictures(links).draw(await sourceOf(recorded), "incidents/gf-1/pictures/", signal);
}

/** Tells which artifact a link is for. */
const links: ProfileLinks = { linkTo: (key) => ({ url: `https://gofire.example.com/${key}`, untilMs: 1 }) };

describe("flameGraphPictures", () => {
  it("draws the goroutines of a pile-up, and says the finding in words", async () => {
    const [file] = await picturesOf("goroutine-mutex-pileup/fixtures/fires-behind-io");
    expect(file?.name).toBe("flame-graph.order.goroutine.png");
    expect(file?.altText).toMatch(
      /^Flame graph of [\d,]+ goroutines of order: .*; \d+ \(\d+ %\) are in ledger\.Store\.Post \S+\.go:\d+\. Lock with \d+ waiters .*\.$/,
    );
    const png = decodedPng(await readFile(join(folder, file?.artifact ?? "")));
    expect(png.width).toBe(1_280);
    expect(png.height).toBeLessThan(1_000);
    const marked = png.share(([red, green, blue]) => red === 0xd5 && green === 0x5e && blue === 0);
    expect(marked).toBeGreaterThan(0.005);
    const svg = await readFile(join(folder, (file?.artifact ?? "").replace(/png$/, "svg")), "utf8");
    expect(svg).toContain("the finding");
  });

  it("draws a text dump when there is no profile", async () => {
    const [file] = await picturesOf("goroutine-mutex-pileup/fixtures/fires-old-dump");
    expect(file?.altText).toMatch(/^Flame graph of [\d,]+ goroutines of order/);
  });

  it("draws live heap for a heap that grows", async () => {
    const [file] = await picturesOf("heap-growth/fixtures/fires-growing-map");
    expect(file?.name).toBe("flame-graph.order.heap.png");
    expect(file?.altText).toMatch(/^Flame graph of .*iB of live heap of order.*was allocated in/);
  });

  it("draws what changed between two captures of one bundle, when it is worth a look", async () => {
    const files = await picturesOf("http-slow-upstream/fixtures/fires-growing", links);
    expect(files.map(({ name }) => name)).toEqual([
      "flame-graph.order.goroutine.png",
      "flame-graph.order.goroutine.change.png",
    ]);
    expect(files[1]?.altText).toContain(
      "289 goroutines before, 621 now. Grew most: catalog.Client.Fetch +83",
    );
    // Of the picture's own capture, and only of a profile: the page does not read text.
    expect(files[0]?.browser?.url).toMatch(/-fires-growing\/bundle\/goroutine-\d\.pb\.gz$/);
    const [text] = await picturesOf("goroutine-mutex-pileup/fixtures/fires-old-dump", links);
    expect(text?.browser).toBeUndefined();
  });

  it("compares two bundles by what the later one's finding is about", async () => {
    const before = await sourceOf("goroutine-mutex-pileup/fixtures/quiet-few-waiters");
    const now = await sourceOf("goroutine-mutex-pileup/fixtures/fires-behind-io");
    const file = await pictures().compare(
      before,
      now,
      { intoPrefix: "incidents/gf-2/pictures/since-gf-1/" },
      signal,
    );
    expect(file?.altText).toMatch(
      /^Differential flame graph of order.* goroutines before, \d+ now\. Grew most: ledger\.Store\.Post /,
    );
    expect(decodedPng(await readFile(join(folder, file?.artifact ?? ""))).width).toBe(1_280);
    const peer = await pictures().compare(
      before,
      now,
      {
        intoPrefix: "incidents/gf-2/pictures/peer/",
        processes: { first: "order-2", second: "order-1" },
      },
      signal,
    );
    expect(peer?.name).toBe("flame-graph.order.goroutine.peer.png");
    expect(peer?.altText).toMatch(
      / goroutines in order-2, \d+ in order-1\. Most in order-1 beyond order-2: /,
    );
    const heap = await sourceOf("heap-growth/fixtures/fires-growing-map");
    expect(
      await pictures().compare(heap, now, { intoPrefix: "incidents/gf-2/pictures/since-gf-0/" }, signal),
    ).toBeUndefined();
  });
});
