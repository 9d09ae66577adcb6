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
  async run(context, { operands, ...options }, ports) {
    const reply = await analyse({ paths: operands, ...options }, context, ports);
    const [{ changesSinceCapture }, store] = await Promise.all([
      import("../capture/verify.ts"),
      ports.captureStore("."),
    ]);
    const bundle = (operands[0] ?? "").replace(/(^|\/)manifest\.json$/, "") || ".";
    const changes = await changesSinceCapture(bundle, store, context.signal);
    return { ...reply, problems: [...changes, ...reply.problems] };
  },
});
