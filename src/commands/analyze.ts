import { analyse, analysisOptions } from "./analysis.ts";
import { defineCommand } from "./command.ts";

export const analyze = defineCommand({
  name: "analyze",
  summary: "Judge captures you have: profiles, dumps, panic logs, bundles",
  usage: "PATH… [options]",
  examples: [
    { line: "analyze goroutines.txt", does: "a goroutine dump (debug=2), or a log with a panic in it" },
    { line: "analyze -", does: "standard input: kubectl logs POD --previous | gofire analyze -" },
    { line: "analyze goroutine-1.pb.gz goroutine-2.pb.gz", does: "two captures of one kind show what grows" },
    {
      line: "analyze gofire-order-20260101-030000 --format json",
      does: "a whole bundle, for another program",
    },
    { line: "analyze heap.pb.gz --rules heap/growth,heap/timer-leak", does: "only these rules" },
  ],
  operands: { placeholder: "PATH", min: 1, max: 1_000 },
  options: analysisOptions,
  run: (context, { operands, ...options }, ports) => analyse({ paths: operands, ...options }, context, ports),
});
