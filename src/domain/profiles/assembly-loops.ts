import { type Frame, packagePath } from "../code/frame.ts";
import { ownFrames } from "../code/own-code.ts";
import type { Evidence, TargetFacts } from "../evidence/evidence.ts";
import type { CpuSite } from "./cpu-sites.ts";
import { leafOf, type Profile, stackOf } from "./profile.ts";
import { cpuTime, sampleWork } from "./sample-work.ts";

/**
 * The own function that spends most CPU time in calls of assembly. The runtime cannot preempt a goroutine there, for it
 * knows no stack map (Go source: runtime/preempt.go, isAsyncSafePoint), so a collection that begins meanwhile waits for
 * the call to return. Whether a single call is long, a profile does not tell. Undefined without a CPU profile, and when
 * no own function calls assembly.
 */
export function busiestAssemblySite({
  cpu,
  target: { own },
}: Partial<Pick<Evidence, "cpu">> & { readonly target: TargetFacts }): CpuSite | undefined {
  const time = cpu === undefined ? undefined : cpuTime(cpu);
  if (cpu === undefined || time === undefined) return undefined;
  const values = cpu.values[time.sampleIndex] ?? new Float64Array(0);
  const { ownFrame } = sampleWork(cpu, own);
  const sites = new Map<string, { ns: number; heaviest: number }>();
  for (let sample = 0; sample < cpu.sampleCount; sample++) {
    const name = cpu.frames[ownFrame[sample] ?? -1]?.function;
    if (name === undefined || !endsInAssembly(cpu, sample)) continue;
    const ns = values[sample] ?? 0;
    const site = sites.get(name) ?? { ns: 0, heaviest: sample };
    site.ns += ns;
    if (ns > (values[site.heaviest] ?? 0)) site.heaviest = sample;
    sites.set(name, site);
  }
  const [busiest] = [...sites].sort(([, a], [, b]) => b.ns - a.ns);
  if (busiest === undefined) return undefined;
  const [name, { ns, heaviest }] = busiest;
  return {
    where: ownFrames(stackOf(cpu, heaviest), own),
    function: name,
    share: ns / time.totalNs,
    artifact: cpu.artifact,
  };
}

function endsInAssembly(profile: Profile, sample: number): boolean {
  const leaf = leafOf(profile, sample);
  return leaf?.file.endsWith(".s") === true && !isShort(leaf);
}

/** Assembly of the runtime and system calls: short, or without a processor of the scheduler's. */
function isShort({ function: symbol }: Frame): boolean {
  return /^(?:runtime|internal\/runtime|syscall|internal\/cpu)(?:\/|$)/.test(packagePath(symbol));
}
