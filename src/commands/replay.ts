import { PortError, UsageError } from "../domain/errors.ts";
import type { CaptureStore } from "../ports/capture-store.ts";
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
  operands: { placeholder: "BUNDLE", min: 1, max: 1 },
  options: analysisOptions,
  async run(context, { operands, ...options }, ports) {
    const bundle = (operands[0] ?? "").replace(/(^|\/)manifest\.json$/, "") || ".";
    await checkBundle(bundle, await ports.captureStore("."), context.signal);
    return await analyse({ paths: [bundle], ...options }, context, ports);
  },
});

/** What else is wrong with its manifest is told by whoever reads it. */
async function checkBundle(bundle: string, store: CaptureStore, signal: AbortSignal): Promise<void> {
  try {
    await store.readManifest(bundle, signal);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    if (error.code !== "not-found") return;
    throw new UsageError(
      `${bundle}: no such folder, or no manifest.json in it, so this is no capture bundle. gofire analyze judges single captures.`,
    );
  }
}
