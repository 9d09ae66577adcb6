import { UsageError } from "../domain/errors.ts";
import type { DemoService, DemoWorld, Lever } from "../ports/demo-world.ts";
import type { CommandContext, Ports } from "./context.ts";
import { type DemoLab, recordingOf, settle } from "./demo-in-terminal.ts";
import type { Reply } from "./reply.ts";

/** What a person may do to the shop while it runs; modes that need another start are left out. */
const playable = [
  "redis-pool-zero",
  "mutex-io",
  "slow-upstream",
  "conn-queue",
  "sql-slow-transaction",
  "dns-slow",
  "regexp-per-call",
  "gogc-thrash",
  "fd-exhaustion",
];
const verdictWithinMs = 180_000;
const lookEveryMs = 250;

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
    const world = await worlds.start(service, (line) => context.progress(line));
    try {
      context.progress(`The workspace: ${world.url}`);
      if (!once && (await host.openInBrowser(world.url))) context.progress("It opens in your browser.");
      if (built !== undefined) await settle(built, mode, context, ports);
      context.progress("Mira types: /gofire snapshot order");
      await world.type("/gofire snapshot order");
      await verdict(world);
      const shown = once ? await pictureOf(world) : undefined;
      if (!once) await untilEnd(world);
      const problems = world.problems();
      if (problems.length > 0)
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
      const card = lines.find((line) => line.startsWith("gofire: ")) ?? "";
      if (card !== last) context.progress(firstSentence(card.slice("gofire: ".length)));
      last = card;
      // The flame graph comes last.
      if (lines.some((line) => line.includes(".png"))) return;
      if (clock.nowMs() > endsAtMs) {
        if (/FAIL|PASS|INCONCLUSIVE/.test(card)) return;
        throw new UsageError(`There was no verdict within ${verdictWithinMs / 60_000} minutes: ${card}`);
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
    context.progress(`Yours to play with: ${url}`);
    context.progress("Type /gofire help there, click, or make the shop sick in another way. Ctrl-C ends it.");
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

interface Running extends DemoService {
  stop(): Promise<void>;
}

async function sickService(
  mode: string,
  { lab, built }: DemoLab,
  context: CommandContext,
  ports: Ports,
): Promise<Running> {
  if (built === undefined) {
    context.progress("No Go here: a recorded process stands in for the shop.");
    const replayed = await (await ports.demoWorlds()).replay(await recordingOf(mode, lab));
    return { debugUrl: replayed.debugUrl, levers: [], stop: () => replayed.stop() };
  }
  context.progress(`Starting the shop in mode ${mode}…`);
  const running = await lab.start(mode, context.signal);
  let current = mode;

  async function become(next: string | undefined): Promise<void> {
    await running.leave(current);
    if (next !== undefined) await running.enter(next);
    current = next ?? current;
  }

  const levers: Lever[] = playable.flatMap((name) => {
    const known = built.modes.find((candidate) => candidate.name === name);
    return known === undefined
      ? []
      : [{ id: name, label: known.title, group: "Make order sick", pull: () => become(name) }];
  });
  levers.push({
    id: "healthy",
    label: "Nothing is wrong",
    group: "Make order sick",
    pull: () => become(undefined),
  });
  return { debugUrl: running.debugUrl, levers, stop: () => running.stop() };
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}
