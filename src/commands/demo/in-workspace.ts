import { UsageError } from "../../domain/errors.ts";
import type { DemoWorld } from "../../ports/demo-world.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";
import { type DemoLab, settle } from "./in-terminal.ts";
import { rollBackTogether } from "./roll-back.ts";
import { sickService } from "./sick-service.ts";

const verdictWithinMs = 180_000;
const lookEveryMs = 250;
const cardStart = "gofire: ";

/**
 * Shows gofire at work in a chat workspace on this machine: somebody types `/gofire snapshot order`, and its card
 * becomes a verdict; then two people roll back what made the service sick. With `once` it ends then, else when the person has
 * played enough (Ctrl-C).
 */
export async function demoInWorkspace(
  {
    mode,
    once,
    picture,
  }: { readonly mode: string; readonly once: boolean; readonly picture: string | undefined },
  { lab, built }: DemoLab,
  context: CommandContext,
  ports: Ports,
): Promise<Reply> {
  const { signal } = context;
  const [worlds, clock, host] = await Promise.all([ports.demoWorlds(), ports.clock(), ports.host()]);
  const service = await sickService(mode, { lab, built }, context, ports);
  try {
    const world = await worlds.start(service, (line) => context.log(line));
    try {
      context.log(`The workspace: ${world.url}`);
      if (!once && (await host.openInBrowser(world.url))) context.log("It opens in your browser.");
      if (built !== undefined) await settle(built, mode, context, ports);
      context.log("Mira types: /gofire snapshot order");
      await world.type("mira", "/gofire snapshot order");
      await verdict(world);
      if (world.auditLog !== undefined) await rollBack(world, world.auditLog);
      else if (service.configure !== undefined)
        context.log("Rolling back needs git 2.38 or newer: here the story ends with the verdict.");
      const shown = once ? await pictureOf(world) : undefined;
      if (!once) await untilEnd(world);
      const problems = world.problems();
      // Who plays on may well ask where gofire is not let in.
      if (once && problems.length > 0)
        throw new UsageError(`The workspace refused something: ${problems.join("; ")}`);
      const kept = shown === undefined ? "" : `\nA picture of the thread: ${shown}\n`;
      return { kind: "text", text: `#incidents\n${world.transcript().join("\n")}\n${kept}` };
    } finally {
      await world.stop();
    }
  } finally {
    await service.stop();
  }

  async function verdict(world: DemoWorld): Promise<void> {
    const endsAtMs = clock.nowMs() + verdictWithinMs;
    let last = "";
    for (;;) {
      const lines = world.transcript();
      const card = lines.find((line) => line.startsWith(cardStart))?.slice(cardStart.length) ?? "";
      const now = summaryOf(card);
      if (card !== last) context.progress(now);
      last = card;
      // The files of the capture come last.
      if (lines.some((line) => line.includes("What was captured:"))) return context.log(now);
      if (clock.nowMs() > endsAtMs) {
        if (/FAIL|PASS|INCONCLUSIVE/.test(card)) return context.log(now);
        throw new UsageError(`There was no verdict within ${verdictWithinMs / 60_000} minutes: ${card}`);
      }
      await clock.sleep(lookEveryMs, signal);
    }
  }

  /** Who sits at the page plays on whatever comes of it. */
  async function rollBack(world: DemoWorld, log: NonNullable<DemoWorld["auditLog"]>): Promise<void> {
    try {
      await rollBackTogether(world, log, context, ports);
    } catch (error) {
      if (once || !(error instanceof UsageError)) throw error;
      context.log(error.message);
    }
  }

  async function pictureOf(world: DemoWorld): Promise<string | undefined> {
    const file = picture ?? `${host.environment("TMPDIR") ?? "/tmp"}/gofire-demo.png`;
    const taken = await world.screenshot(file, signal);
    if (taken === undefined) context.progress("No picture of the page: there is no Chromium on PATH.");
    return taken;
  }

  async function untilEnd({ url, auditLog }: DemoWorld): Promise<void> {
    context.log(`Yours to play with: ${url}`);
    if (auditLog !== undefined) {
      context.log("Who did what, in another terminal:");
      // Each on a line of its own, and short: they are copied.
      for (const line of auditLog.look) context.log(line);
      context.log("A change of the configuration waits for somebody: /approve-config 7");
    }
    context.log(
      "Type /gofire help there, let Alertmanager page, or make the shop sick in another way. Who you are is chosen at the top left: a rollback takes two. Ctrl-C ends it.",
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** The first two sentences: what it is about, and what is the matter. */
function summaryOf(text: string): string {
  return /^(?:.*?[.!?](?:\s|$)){1,2}/.exec(text)?.[0].trim() ?? text;
}
