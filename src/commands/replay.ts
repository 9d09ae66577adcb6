import { UsageError } from "../domain/errors.ts";
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
    const bundle = (operands[0] ?? "").replace(/(^|\/)manifest\.json$/, "") || ".";
    const [{ changesSinceCapture }, store] = await Promise.all([
      import("../capture/verify.ts"),
      ports.captureStore("."),
    ]);
    const changes = await changesSinceCapture(bundle, store, context.signal);
    if (changes === undefined) {
      throw new UsageError(
        `${bundle}: no manifest.json here, so this is no capture bundle. gofire analyze judges single captures.`,
      );
    }
    const reply = await analyse({ paths: [bundle], ...options }, context, ports);
    return { ...reply, problems: [...changes, ...reply.problems] };
  },
});
