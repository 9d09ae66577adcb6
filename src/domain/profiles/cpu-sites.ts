import type { Frame } from "../code/frame.ts";
import { ownFrames } from "../code/own-code.ts";
import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import { cpuTime, workSites } from "./sample-work.ts";

/** The own function that uses most CPU time, what it calls in libraries and the runtime included. */
export interface CpuSite {
  /** Own frames, innermost first; never empty. */
  readonly where: readonly Frame[];
  readonly function: string;
  /** Part of the process's CPU time, 0 to 1. */
  readonly share: number;
  readonly artifact: string;
}

/** Undefined without a CPU profile, and when no own function is in it. */
export function busiestCpuSite({
  cpu,
  target: { own },
}: Partial<Pick<Evidence, "cpu">> & { readonly target: TargetFacts }): CpuSite | undefined {
  const time = cpu === undefined ? undefined : cpuTime(cpu);
  if (cpu === undefined || time === undefined) return undefined;
  const site = workSites(cpu, time.sampleIndex, own, () => true)[0];
  if (site === undefined) return undefined;
  return {
    where: ownFrames(site.stack, own),
    function: site.frame.function,
    share: site.value / time.totalNs,
    artifact: cpu.artifact,
  };
}
