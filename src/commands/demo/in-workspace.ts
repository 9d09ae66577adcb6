import { UsageError } from "../../domain/errors.ts";
import type { DemoWorld } from "../../ports/demo-world.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";
import { type DemoLab, settle } from "./in-terminal.ts";
import { sickService } from "./sick-service.ts";

const verdictWithinMs = 180_000;
const lookEveryMs = 250;
/** The deployer looks once a second, and those who waited go on at once. */
const recoveryMs = 3_000;
const cardStart = "gofire: ";

/**
 * Shows gofire at work in a chat workspace on this machine: somebody types `/gofire snapshot order`, and its card
 * becomes a verdict. With `once` it ends then, else when the person has played enough (Ctrl-C).
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
      await verdictOf("Mira types: /gofire snapshot order", world);
      if (world.takeBack !== undefined) {
        context.log("Ana puts the old value back with git, and pushes it.");
        await world.takeBack();
        await clock.sleep(recoveryMs, signal);
        await verdictOf("Mira types: /gofire snapshot order", world);
      }
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

  /** Somebody asks for a capture, and it is waited for until all of it is told. */
  async function verdictOf(what: string, world: DemoWorld): Promise<void> {
    context.log(what);
    const before = cardsOf(world).length;
    await world.type(what.slice(what.indexOf("/")));
    const endsAtMs = clock.nowMs() + verdictWithinMs;
    let last = "";
    for (;;) {
      const card = cardsOf(world)[before] ?? { text: "", replies: [] };
      const now = summaryOf(card.text);
      if (card.text !== last) context.progress(now);
      last = card.text;
      // The flame graph comes last.
      if (card.replies.some((line) => line.includes(".png"))) return context.log(now);
      if (clock.nowMs() > endsAtMs) {
        if (/FAIL|PASS|INCONCLUSIVE/.test(card.text)) return context.log(now);
        throw new UsageError(`There was no verdict within ${verdictWithinMs / 60_000} minutes: ${card.text}`);
      }
      await clock.sleep(lookEveryMs, signal);
    }
  }

  async function pictureOf(world: DemoWorld): Promise<string | undefined> {
    const file = picture ?? `${host.environment("TMPDIR") ?? "/tmp"}/gofire-demo.png`;
    const taken = await world.screenshot(file, signal);
    if (taken === undefined) context.progress("No picture of the page: there is no Chromium on PATH.");
    return taken;
  }

  async function untilEnd({ url }: DemoWorld): Promise<void> {
    context.log(`Yours to play with: ${url}`);
    context.log(
      "Type /gofire help there, let Alertmanager page, or make the shop sick in another way. Ctrl-C ends it.",
    );
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** gofire's messages in the channel with what stands in their threads. */
function cardsOf(world: DemoWorld): readonly { readonly text: string; readonly replies: string[] }[] {
  const cards: { text: string; replies: string[] }[] = [];
  for (const line of world.transcript()) {
    if (line.startsWith(cardStart)) cards.push({ text: line.slice(cardStart.length), replies: [] });
    else cards.at(-1)?.replies.push(line);
  }
  return cards;
}

/** The first two sentences: what it is about, and what is the matter. */
function summaryOf(text: string): string {
  return /^(?:.*?[.!?](?:\s|$)){1,2}/.exec(text)?.[0].trim() ?? text;
}
