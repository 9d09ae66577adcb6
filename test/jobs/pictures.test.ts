import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { analyzers } from "../../src/analyzers/index.ts";
import { runAnalyzers } from "../../src/analyzers/run.ts";
import type { Analysis } from "../../src/domain/finding.ts";
import { readEvidence } from "../../src/integrations/artifacts/read.ts";
import { readStoredCapture } from "../../src/integrations/artifacts/stored-capture.ts";
import { resvgRasteriser } from "../../src/integrations/pictures/rasteriser.ts";
import { flameGraphPictures } from "../../src/jobs/pictures.ts";
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

/** Pictures of a recorded case, as the analyse job asks for them. */
async function picturesOf(recorded: string) {
  const bundle = `incidents/${recorded.replaceAll("/", "-")}/bundle/`;
  await cp(`src/analyzers/${recorded}`, join(folder, bundle), { recursive: true });
  await rm(join(folder, bundle, "expect.json"), { force: true });
  const { evidence, target, captures } = await readEvidence([join(folder, bundle)]);
  const judged = runAnalyzers(analyzers, evidence, target);
  const document = analysisDocument(evidence, { ...target, service: "order" }, captures, judged);
  // Without a manifest, captures are called by their path.
  const analysis: Analysis = JSON.parse(JSON.stringify(document).replaceAll(join(folder, bundle), ""));
  const artifacts = fakeArtifacts(folder);
  const pictures = flameGraphPictures({
    artifacts,
    rasteriser,
    readCapture: (key, signal) => readStoredCapture(artifacts, key, signal),
  });
  return await pictures.draw({ bundle, analysis, modules: [] }, "incidents/gf-1/pictures/", signal);
}

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
});
