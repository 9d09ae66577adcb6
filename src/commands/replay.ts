import { analyse, analysisOptions } from "./analysis.ts";
import { defineCommand } from "./command.ts";

export const replay = defineCommand({
  name: "replay",
  summary: "Judge a capture bundle again",
  usage: "BUNDLE [options]",
  examples: [
    {
      line: "replay gofire-order-20260101-030000",
      does: "what a snapshot found, without touching the service",
    },
    { line: "replay gofire-order-20260101-030000 --verbose", does: "with all evidence, groups and checks" },
  ],
  whoMayUse: "anyone",
  effect: "read",
  operands: { placeholder: "BUNDLE", min: 1, max: 1 },
  options: analysisOptions,
  run: (context, { operands, ...options }, ports) => analyse({ paths: operands, ...options }, context, ports),
});
