import { UsageError } from "../../domain/errors.ts";
import type { DemoService, DemoWorld, Lever } from "../../ports/demo-world.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { Reply } from "../reply.ts";
import { type DemoLab, recordingOf, settle } from "./in-terminal.ts";

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
/** What the other process does meanwhile: little. */
const wellMode = "just-started";
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
    const world = await worlds.start(service, (line) => context.log(line));
    try {
      context.log(`The workspace: ${world.url}`);
      if (!once && (await host.openInBrowser(world.url))) context.log("It opens in your browser.");
      if (built !== undefined) await settle(built, mode, context, ports);
      context.log("Mira types: /gofire snapshot order");
      await world.type("/gofire snapshot order");
      await verdict(world);
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
      const card = lines.find((line) => line.startsWith("gofire: ")) ?? "";
      const now = summaryOf(card.slice("gofire: ".length));
      if (card !== last) context.progress(now);
      last = card;
      // The flame graph comes last.
      if (lines.some((line) => line.includes(".png"))) return context.log(now);
      if (clock.nowMs() > endsAtMs) {
        if (/FAIL|PASS|INCONCLUSIVE/.test(card)) return context.log(now);
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

interface Running extends DemoService {
  stop(): Promise<void>;
}

/** Two processes of one service: the sick one, and one that is well, so that they can be compared. */
async function sickService(
  mode: string,
  { lab, built }: DemoLab,
  context: CommandContext,
  ports: Ports,
): Promise<Running> {
  if (built === undefined) {
    context.progress("No Go here: recorded processes stand in for the shop.");
    const worlds = await ports.demoWorlds();
    const both = await startBoth(mode, async (name) => await worlds.replay(await recordingOf(name, lab)));
    return serviceOf(both, [], mode);
  }
  context.progress(`Starting the shop in mode ${mode}…`);
  const both = await startBoth(mode, (name) => lab.start(name, context.signal));
  const { sick } = both;
  let current = mode;

  async function become(next: string | undefined): Promise<void> {
    await sick.leave(current);
    if (next !== undefined) await sick.enter(next);
    current = next ?? current;
  }

  const levers: Lever[] = playable.flatMap((name) => {
    const known = built.modes.find((candidate) => candidate.name === name);
    return known === undefined
      ? []
      : [{ id: name, label: known.title, group: "Make order-1 sick", pull: () => become(name) }];
  });
  levers.push({
    id: "healthy",
    label: "Nothing is wrong",
    group: "Make order-1 sick",
    pull: () => become(undefined),
  });
  return serviceOf(both, levers, mode);
}

interface Stoppable {
  readonly debugUrl: string;
  stop(): Promise<void>;
}

interface Both<Process> {
  readonly sick: Process;
  readonly well: Process;
}

async function startBoth<Process extends Stoppable>(
  mode: string,
  start: (mode: string) => Promise<Process>,
): Promise<Both<Process>> {
  const sick = await start(mode);
  try {
    return { sick, well: await start(wellMode) };
  } catch (error) {
    await sick.stop();
    throw error;
  }
}

function serviceOf({ sick, well }: Both<Stoppable>, levers: readonly Lever[], mode: string): Running {
  return {
    processes: [
      { instance: "order-1", debugUrl: sick.debugUrl },
      { instance: "order-2", debugUrl: well.debugUrl },
    ],
    levers,
    isPoolZero: mode === "redis-pool-zero",
    async stop() {
      await Promise.all([sick.stop(), well.stop()]);
    },
  };
}

/** The first two sentences: what it is about, and what is the matter. */
function summaryOf(text: string): string {
  return /^(?:.*?[.!?](?:\s|$)){1,2}/.exec(text)?.[0].trim() ?? text;
}
