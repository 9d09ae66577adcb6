import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Analysis } from "../../src/domain/findings/finding.ts";
import { gofire } from "../cli/gofire.ts";
import { until } from "../jobs/bot.ts";
import { type BuiltLab, buildLab, hasGo } from "./lab.ts";

/** Seconds for a mode to show, and short captures: what is proven here is the path, not the diagnosis. */
const settleMs = 3_000;
const quick = ["--gap", "3s", "--cpu", "1s"];

/** A disk that somebody else filled up: from the seventh time on there is no room for a manifest. */
const noRoomForManifest = `
  import { syncBuiltinESMExports } from "node:module";
  import files from "node:fs/promises";
  const { open } = files;
  let times = 0;
  files.open = (path, ...rest) =>
    /manifest\\.json.*part/.test(path) && ++times > 6
      ? Promise.reject(Object.assign(new Error("no space"), { code: "ENOSPC" }))
      : open(path, ...rest);
  syncBuiltinESMExports();`;

describe.skipIf(!hasGo)("the program against a live Go process (needs Go)", () => {
  let lab: BuiltLab;
  let folder: string;
  beforeAll(() => {
    lab = buildLab();
    folder = mkdtempSync(join(tmpdir(), "gofire-live-cli-"));
  });
  afterAll(() => {
    lab.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function snapshotOf(
    mode: string,
  ): Promise<{ code: number | null; analysis: Analysis; bundle: string; progress: string }> {
    const shop = await lab.start("-mode", mode);
    try {
      await sleep(settleMs);
      const run = await gofire(["snapshot", shop.debugUrl, "--out", folder, "--format", "json", ...quick]);
      const bundle = /^Evidence kept in (.+)$/m.exec(run.stderr)?.[1] ?? "";
      return { code: run.code, analysis: JSON.parse(run.stdout) as Analysis, bundle, progress: run.stderr };
    } finally {
      await shop.stop();
    }
  }

  it("names what holds the lock, and a replay says the same", async () => {
    const { code, analysis, bundle, progress } = await snapshotOf("mutex-io");
    expect(code).toBe(1);
    expect(analysis.verdict).toBe("fail");
    expect(analysis.findings[0]?.where[0]?.function).toBe("shop/ledger.(*Replica).Append");
    const pileUp = analysis.findings.find(({ rule }) => rule === "goroutine/mutex-pileup");
    expect(pileUp).toMatchObject({ role: "symptom", causedBy: "f1" });
    expect(progress).toContain("goroutine-dump: stops the world for about");

    const replayed = await gofire(["replay", bundle, "--format", "json"]);
    expect(replayed.code).toBe(1);
    expect(JSON.parse(replayed.stdout)).toEqual(analysis);
  });

  it("says that the process probably ended under the capture, and where its last words are", async () => {
    const shop = await lab.start("-mode", "chan-send-leak");
    await until(async () => {
      const dump = await fetch(`${shop.debugUrl}/debug/pprof/goroutine?debug=2`);
      return (await dump.text()).includes("[chan send") ? true : undefined;
    }, "senders that are stuck");
    const unkept = await gofire(["snapshot", shop.debugUrl, "--out", `${process.cwd()}/package.json/x`]);
    expect(unkept.code).toBe(2);
    expect(unkept.stderr).toMatch(
      /gofire: The evidence cannot be kept in .*package\.json\/x: a part of this path is not a folder\. --out FOLDER names/,
    );
    const run = await gofire(["snapshot", shop.debugUrl, "--out", folder, "--gap", "0s", "--cpu", "20s"], {
      onProgress(stderr) {
        if (stderr.includes("… cpu for 20 s")) shop.signal("SIGKILL");
      },
    });
    await shop.stop();
    const said = run.stderr.replaceAll(/\s+/g, " ");
    expect(said).toContain("Ended early: the target no longer answers: connection refused");
    expect(said).toContain("The process has probably ended (crash, out of memory, restart).");
    expect(said).toContain("kubectl logs --previous POD | gofire analyze -");
    // What it said before is judged all the same.
    expect(run.stdout).toContain("pricing.(*Quoter).ask");
    expect(said).toContain("Evidence kept in");
  });

  it("judges with its manifest what the disk had no more room for, and says that it is loose files now", async () => {
    const shop = await lab.start("-mode", "chan-send-leak");
    const preload = `data:text/javascript,${encodeURIComponent(noRoomForManifest)}`;
    const run = await gofire(["snapshot", shop.debugUrl, "--out", folder, ...quick], {
      env: { NODE_OPTIONS: `--import=${preload}` },
    });
    await shop.stop();
    expect(run.stderr).toContain("Ended early: the disk is full");
    expect(run.stdout.split("\n", 1)[0]).toContain(new URL(shop.debugUrl).host);
    expect(run.stderr).toContain(", without the manifest, for which there was no room");
    expect(run.stderr).toContain("Judge it again with: gofire analyze ");
    expect(run.stderr).not.toContain("gofire replay");
  });

  it("finds nothing wrong with a large crew that has nothing to do", async () => {
    const { analysis } = await snapshotOf("idle-workers");
    expect(analysis.verdict).not.toBe("fail");
    expect(analysis.captures.find(({ kind }) => kind === "goroutine-dump")).toMatchObject({
      status: "skipped",
    });
  });
});
