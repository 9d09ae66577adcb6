import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { analyzers } from "../../src/analyzers/index.ts";
import { runAnalyzers } from "../../src/analyzers/run.ts";
import { counts } from "../../src/domain/findings/finding.ts";
import { evidenceSource } from "../../src/integrations/artifacts/evidence-source.ts";
import type { LabMode } from "../../src/ports/lab-service.ts";
import { type Scored, score } from "./score.ts";

export const capturesFolder = "lab/captures";

/** `lab/captures/modes.json` is what `shop -list` printed when the captures were recorded. */
export function recordedModes(): readonly LabMode[] {
  return JSON.parse(readFileSync(join(capturesFolder, "modes.json"), "utf8")) as LabMode[];
}

/** Go versions with recordings: the folders `go1.x.y`. */
export function recordedVersions(): string[] {
  return readdirSync(capturesFolder)
    .filter((name) => name.startsWith("go"))
    .toSorted();
}

/** Judges every recorded capture. */
export async function scoreRecorded(): Promise<Scored[]> {
  const rows: Scored[] = [];
  const modes = new Map(recordedModes().map((mode) => [mode.name, mode]));
  for (const goVersion of recordedVersions()) {
    for (const name of readdirSync(join(capturesFolder, goVersion)).toSorted()) {
      const mode = modes.get(name);
      if (mode === undefined)
        throw new Error(`${capturesFolder}/${goVersion}/${name} is no mode of modes.json`);
      rows.push(await scoreBundle(mode, goVersion, join(capturesFolder, goVersion, name)));
    }
  }
  return rows;
}

export async function scoreBundle(mode: LabMode, goVersion: string, bundle: string): Promise<Scored> {
  const { evidence, target } = await evidenceSource().read(
    [bundle],
    { modules: [] },
    new AbortController().signal,
  );
  const judgement = runAnalyzers(analyzers, evidence, target);
  const first = judgement.findings.find((finding) => counts(finding));
  return {
    mode,
    goVersion,
    score: score(mode, judgement),
    said: first === undefined ? "" : `${first.rule} ${first.where[0]?.function ?? ""}`.trim(),
  };
}
