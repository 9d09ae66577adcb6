import { availableParallelism, cpus, release } from "node:os";
import type { Result } from "./measure.ts";

/** What gofire should reach: a share of another's wall time or peak memory, or an absolute peak. */
export interface Goal {
  readonly than?: string;
  readonly wall?: number;
  readonly peak?: number;
  readonly peakMiB?: number;
}

export interface Section {
  readonly title: string;
  /** The first is gofire's. */
  readonly results: readonly Result[];
  readonly goals: readonly Goal[];
  readonly facts: readonly string[];
}

/** Load average above which others have taken a good part of each processor. */
const busyPerProcessor = 0.5;

/** `load` is the load average of the minute before the first run. */
export function report(sections: readonly Section[], withPeers: boolean, load: number): string {
  const cpu = cpus()[0]?.model ?? "unknown CPU";
  const processors = availableParallelism();
  const busy = load > busyPerProcessor * processors;
  return `# Benchmark

Written by \`npm run bench -- ${withPeers ? "--peers " : ""}--write\`: whole processes, run in turns, medians. Seconds belong to the machine
(${cpus().length} × ${cpu.trim()}, Linux ${release()}, Node ${process.version}); the ratios are what counts: each is the median over
pairs of runs that followed one another. NODE_EXTRA_CA_CERTS is unset for all of them: Node 20 reads it before anything else.

${
  busy
    ? `**The machine was busy with other things**: its load average was ${load.toFixed(1)} on ${processors} processors when this began. What uses several
threads suffers most from that, and gofire does.`
    : `The machine was quiet: its load average was ${load.toFixed(1)} on ${processors} processors when this began.`
}

${sections.map(sectionText).join("\n\n")}
`;
}

function sectionText({ title, results, goals, facts }: Section): string {
  const rows = results.map(({ name, wallSeconds, peakMiB, firstToThis, isCut, rounds }) => {
    const ratio = name === "gofire" ? "" : `${isCut ? "< " : ""}${ratioText(firstToThis)}`;
    return `| ${name} | ${isCut ? "> " : ""}${wallSeconds.toFixed(3)} | ${peakMiB === undefined ? "?" : peakMiB.toFixed(0)} | ${ratio} | ${rounds} |`;
  });
  const reached = goals.map((goal) => goalText(goal, results)).filter((text) => text !== undefined);
  return [
    `## ${title}`,
    `| | wall s | peak MiB | gofire is | rounds |\n| --- | ---: | ---: | ---: | ---: |\n${rows.join("\n")}`,
    [...reached, ...facts].map((line) => `- ${line}`).join("\n"),
  ].join("\n\n");
}

/** 0.25 -> "1/4.0", 3.4 -> "3.40 ×". */
function ratioText(ratio: number): string {
  return ratio < 1 ? `1/${(1 / ratio).toFixed(1)}` : `${ratio.toFixed(2)} ×`;
}

function goalText(goal: Goal, results: readonly Result[]): string | undefined {
  const gofire = results[0];
  if (gofire === undefined) return undefined;
  if (goal.peakMiB !== undefined) {
    if (gofire.peakMiB === undefined) return undefined;
    return said(
      gofire.peakMiB <= goal.peakMiB,
      `peak ${gofire.peakMiB.toFixed(0)} MiB, goal at most ${goal.peakMiB}`,
    );
  }
  const other = results.find(({ name }) => name === goal.than);
  if (other === undefined) return undefined;
  const parts: string[] = [];
  let reached = true;
  if (goal.wall !== undefined) {
    const ratio = other.firstToThis;
    const target = `goal at most ${ratioText(goal.wall)}`;
    if (other.isCut) {
      const text = `time less than ${ratioText(ratio)} of ${other.name}, which was ended after ${other.wallSeconds.toFixed(0)} s and takes longer`;
      return `${ratio <= goal.wall ? "reached" : "not settled"}: ${text}; ${target}`;
    }
    reached &&= ratio <= goal.wall;
    parts.push(`time ${ratioText(ratio)} of ${other.name}, ${target}`);
  }
  if (goal.peak !== undefined && gofire.peakMiB !== undefined && other.peakMiB !== undefined) {
    const ratio = gofire.peakMiB / other.peakMiB;
    reached &&= ratio <= goal.peak;
    parts.push(`memory ${ratioText(ratio)} of ${other.name}, goal at most ${ratioText(goal.peak)}`);
  }
  return said(reached, parts.join("; "));
}

function said(reached: boolean, text: string): string {
  return `${reached ? "reached" : "**missed**"}: ${text}`;
}
