import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { analyzers } from "../../../src/analyzers/index.ts";
import { runAnalyzers } from "../../../src/analyzers/run.ts";
import type { Evidence } from "../../../src/domain/evidence/evidence.ts";
import { lightEvidence } from "../../../src/domain/evidence/light-evidence.ts";
import type { Analysis } from "../../../src/domain/findings/finding.ts";
import {
  type ComparedProcess,
  comparePeer,
  type PeerOutcome,
} from "../../../src/domain/incidents/peer-comparison.ts";
import { evidenceSource } from "../../../src/integrations/artifacts/evidence-source.ts";
import { analysisDocument } from "../../../src/render/document.ts";

/** A recorded capture of the lab as an incident has it, and as a peer that is looked at once. */
interface RecordedProcess {
  readonly mode: string;
  readonly whole: ComparedProcess;
  readonly light: Analysis;
  readonly asPeer: ComparedProcess;
}

async function recorded(goVersion: string, mode: string): Promise<RecordedProcess> {
  const { evidence, target, captures } = await evidenceSource().read(
    [`lab/captures/${goVersion}/${mode}`],
    { modules: [] },
    new AbortController().signal,
  );
  const judged = (part: Partial<Evidence>) =>
    analysisDocument(part, target, captures, runAnalyzers(analyzers, part, target));
  const light = lightEvidence(evidence);
  const look = {
    ...(light.goroutines === undefined ? {} : { snapshot: light.goroutines.best }),
    ...(light.heap === undefined ? {} : { heap: light.heap[0] }),
  };
  const analysis = judged(light);
  return {
    mode,
    whole: { name: "order-1", analysis: judged(evidence), ...look },
    light: analysis,
    asPeer: { name: "order-2", analysis, ...look },
  };
}

test.each(readdirSync("lab/captures").filter((name) => name.startsWith("go")))(
  "no recorded process of %s is cleared or accused by the wrong neighbour",
  async (goVersion) => {
    const processes: RecordedProcess[] = [];
    for (const mode of readdirSync(`lab/captures/${goVersion}`))
      processes.push(await recorded(goVersion, mode));
    const sick = processes.filter(({ whole }) => whole.analysis.verdict === "fail");
    const healthy = processes.filter(({ whole }) => whole.analysis.verdict === "pass");
    expect(sick.length).toBeGreaterThan(4);
    expect(healthy.length).toBeGreaterThan(0);

    const wrong: string[] = [];
    const outcomes: PeerOutcome[] = [];
    for (const { mode, whole, light, asPeer } of sick) {
      const besideItself = comparePeer(whole, light, asPeer);
      outcomes.push(besideItself.outcome);
      if (!["both", "unclear"].includes(besideItself.outcome))
        wrong.push(`${mode} beside itself: ${JSON.stringify(besideItself)}`);
      for (const other of healthy) {
        const compared = comparePeer(whole, light, other.asPeer);
        outcomes.push(compared.outcome);
        if (!["only-here", "unclear"].includes(compared.outcome))
          wrong.push(`${mode} beside ${other.mode}: ${JSON.stringify(compared)}`);
      }
    }
    expect(wrong).toEqual([]);
    // Rules about CPU, pauses and rates cannot tell from one look.
    expect(outcomes.filter((outcome) => outcome !== "unclear").length).toBeGreaterThan(0.7 * outcomes.length);
  },
  60_000,
);
