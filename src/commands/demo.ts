import { UsageError } from "../domain/errors.ts";
import type { Host } from "../ports/host.ts";
import { analyse } from "./analysis.ts";
import { captureTarget } from "./capture-target.ts";
import { defineCommand } from "./command.ts";
import { typedTarget } from "./targets.ts";

/** A pool that gives out nothing, behind a lock: the story of the config change that took a shop down. */
const defaultMode = "redis-pool-zero";

export const demo = defineCommand({
  name: "demo",
  summary: "Make a Go service sick, capture it, explain what is wrong",
  usage: "[options]",
  examples: [
    { line: "demo", does: "a shop whose redis pool was set to 0" },
    { line: "demo --list", does: "the illnesses and the healthy look-alikes there are" },
    { line: "demo --mode lock-cycle", does: "another illness" },
    { line: "demo --recorded", does: "judge a recording, as on a machine without Go" },
  ],
  whoMayUse: "anyone",
  effect: "read",
  operands: { placeholder: "", min: 0, max: 0 },
  options: {
    mode: { kind: "text", placeholder: "NAME", summary: `illness to show (default ${defaultMode})` },
    list: { kind: "flag", summary: "list the modes and end" },
    recorded: { kind: "flag", summary: "judge a recorded capture instead of running the service" },
    out: {
      kind: "text",
      placeholder: "FOLDER",
      short: "o",
      summary: "where the bundle is kept (default: the system's temporary folder)",
    },
    verbose: { kind: "flag", short: "v", summary: "all groups, all evidence, every check" },
  },
  async run(context, { mode = defaultMode, list, recorded, out }, ports) {
    const lab = await ports.lab();
    if (!recorded) {
      context.progress("Building the lab service with Go…");
      const built = await lab.build(context.signal);
      if (list) {
        if (built === undefined) throw new UsageError("The list needs a Go toolchain: https://go.dev/dl/");
        return { kind: "text", text: modesText(built.modes) };
      }
      if (built !== undefined) {
        const chosen = built.modes.find((candidate) => candidate.name === mode);
        if (chosen === undefined)
          throw new UsageError(`There is no mode "${mode}". gofire demo --list has all.`);
        return await live(chosen);
      }
    }
    const folder = await lab.recorded(mode);
    if (folder === undefined) {
      throw new UsageError(
        `No recorded capture of "${mode}" here, and no Go toolchain to run it: https://go.dev/dl/`,
      );
    }
    context.progress(`Replaying a recorded capture of ${mode}…`);
    return { ...(await analyse({ paths: [folder] }, context, ports)), severity: "never" as const };

    async function live(chosen: { name: string; settleSeconds: number }) {
      context.progress(`Starting the shop in mode ${chosen.name}…`);
      const running = await lab.start(chosen.name, context.signal);
      try {
        const clock = await ports.clock();
        for (let left = chosen.settleSeconds; left > 0; left--) {
          context.progress(`The shop is getting sick: ${left} s…`);
          await clock.sleep(1_000, context.signal);
        }
        const bundle = await captureTarget(
          { ...typedTarget(running.debugUrl, { access: {} }), service: "shop" },
          { cpuSeconds: 5, goroutineGapMs: 8_000 },
          out ?? `${temporaryFolder(await ports.host())}/gofire-demo`,
          context,
          ports,
        );
        return {
          ...(await analyse({ paths: [bundle] }, context, ports)),
          bundle,
          severity: "never" as const,
        };
      } finally {
        await running.stop();
      }
    }
  },
});

function temporaryFolder(host: Host): string {
  return host.environment("TMPDIR") ?? "/tmp";
}

function modesText(modes: readonly { name: string; kind: string; title: string }[]): string {
  const width = Math.max(...modes.map((mode) => mode.name.length)) + 2;
  const lines = (kind: string) =>
    modes.filter((mode) => mode.kind === kind).map((mode) => `  ${mode.name.padEnd(width)}${mode.title}`);
  return `Sick\n${lines("sick").join("\n")}\n\nHealthy, though some look sick\n${lines("healthy").join("\n")}\n`;
}
