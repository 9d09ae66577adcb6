import { UsageError } from "../../domain/errors.ts";
import type { BuiltLab, LabService } from "../../ports/lab-service.ts";
import { captureTarget } from "../access/capture-target.ts";
import { typedTarget } from "../access/targets.ts";
import { analyse, analyseCaptured } from "../analysis.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";

export interface DemoLab {
  readonly lab: LabService;
  /** Absent on a machine without Go. */
  readonly built: BuiltLab | undefined;
}

/** Captures and judges the sick service without a chat. */
export async function demoInTerminal(
  mode: string,
  { lab, built }: DemoLab,
  out: string | undefined,
  context: CommandContext,
  ports: Ports,
): Promise<Reply> {
  if (built === undefined) {
    const folder = await recordingOf(mode, lab);
    context.progress(`Replaying a recorded capture of ${mode}…`);
    return { ...(await analyse({ paths: [folder] }, context, ports)), severity: "never" as const };
  }
  context.progress(`Starting the shop in mode ${mode}…`);
  const running = await lab.start(mode, context.signal);
  try {
    await settle(built, mode, context, ports);
    const captured = await captureTarget(
      { ...typedTarget(running.debugUrl, { access: {} }), service: "shop" },
      { cpuSeconds: 5, goroutineGapMs: 8_000 },
      out ?? `${(await ports.host()).environment("TMPDIR") ?? "/tmp"}/gofire-demo`,
      context,
      ports,
    );
    if ("why" in captured) throw captured.why;
    return { ...(await analyseCaptured(captured, {}, context, ports)), severity: "never" as const };
  } finally {
    await running.stop();
  }
}

/** Waits until the illness shows. */
export async function settle(
  { modes }: BuiltLab,
  mode: string,
  context: CommandContext,
  ports: Ports,
): Promise<void> {
  const clock = await ports.clock();
  const seconds = modes.find(({ name }) => name === mode)?.settleSeconds ?? 0;
  for (let left = seconds; left > 0; left--) {
    context.progress(`The shop is getting sick: ${left} s…`);
    await clock.sleep(1_000, context.signal);
  }
}

export async function recordingOf(mode: string, lab: LabService): Promise<string> {
  const folder = await lab.recorded(mode);
  if (folder !== undefined) return folder;
  throw new UsageError(
    `There is no recorded capture of "${mode}". gofire demo --list --recorded has all; the others need Go: https://go.dev/dl/`,
  );
}
