import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DecodedPng, decodedPng } from "./png.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);
if (chromium === undefined && process.env["GOFIRE_REQUIRE_CHROMIUM"] === "1") {
  throw new Error("GOFIRE_REQUIRE_CHROMIUM is set and there is no Chromium on PATH");
}

/** Pixels of a picture by the width of its window: a phone's are twice as dense. */
const pixelWidths = { "1280": 1_280, "400": 800 } as const;

describe.skipIf(chromium === undefined)("npm run screenshots", () => {
  let folder: string;
  let names: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gofire-screenshots-test-"));
    const script = spawn(
      process.execPath,
      ["--import", "tsx", join(import.meta.dirname, "../scripts/screenshots.ts"), folder],
      { env: { ...process.env, CHROMIUM: chromium }, stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    script.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const [code] = (await once(script, "exit")) as [number | null];
    // The script fails by itself when Slack would refuse one of the messages.
    if (code !== 0) throw new Error(`screenshots ended with ${code}: ${said}`);
    names = await readdir(folder);
  }, 300_000);
  afterAll(async () => await rm(folder, { recursive: true, force: true }));

  test("has every scene at both widths: cards, threads, answers, the form and Home", () => {
    const scenes = new Set(names.map((name) => name.replace(/-(?:1280|400)\.png$/, "")));
    expect(names.toSorted()).toEqual(
      [...scenes].flatMap((scene) => [`${scene}-1280.png`, `${scene}-400.png`]).toSorted(),
    );
    for (const scene of ["states", "home", "modal"]) expect(scenes).toContain(scene);
    expect(scenes.size).toBeGreaterThan(6);
  });

  test("is as wide as its window, and as high as what it shows", async () => {
    for (const name of names) {
      const png = await readFile(join(folder, name));
      const window = name.endsWith("-400.png") ? "400" : "1280";
      // The header: PNG specification, third edition, 11.2.1.
      expect.soft(png.readUInt32BE(16), name).toBe(pixelWidths[window]);
      expect.soft(png.readUInt32BE(20), name).toBeGreaterThanOrEqual(600);
    }
  });

  test.each(["states", "home", "modal"])(
    "shows letters on a page: %s",
    async (scene) => {
      for (const window of Object.keys(pixelWidths)) {
        const brightness = sampled(decodedPng(await readFile(join(folder, `${scene}-${window}.png`))));
        const shareOf = (wanted: (sum: number) => boolean) =>
          brightness.filter(wanted).length / brightness.length;
        // A blank page has none of the one or of the other.
        expect(shareOf((sum) => sum < 300)).toBeGreaterThan(0.002);
        expect(shareOf((sum) => sum > 600)).toBeGreaterThan(0.2);
      }
    },
    60_000,
  );
});

/** Sums of red, green and blue, 0 to 765, of every third pixel of every third line. */
function sampled(picture: DecodedPng): readonly number[] {
  const { width, height } = picture;
  const sums: number[] = [];
  for (let y = 0; y < height; y += 3) {
    for (let x = 0; x < width; x += 3) {
      const [red, green, blue] = picture.at(x, y);
      sums.push(red + green + blue);
    }
  }
  return sums;
}
