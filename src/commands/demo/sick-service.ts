import type { DemoService, Lever } from "../../ports/demo-world.ts";
import type { LabService } from "../../ports/lab-service.ts";
import type { CommandContext, Ports } from "../context.ts";
import { type DemoLab, recordingOf } from "./in-terminal.ts";

/** What a person may do to the shop while it runs; modes that need another start are left out. */
const playable = [
  "mutex-io",
  "slow-upstream",
  "conn-queue",
  "sql-slow-transaction",
  "dns-slow",
  "regexp-per-call",
  "gogc-thrash",
  "fd-exhaustion",
];
/** Sick because of its configuration, and what it is like once that is mended. */
const configuredMode = "redis-pool-zero";
const mendedMode = "redis-pool-wide";
/** What the other process does meanwhile: little. */
const wellMode = "just-started";

export interface Running extends DemoService {
  stop(): Promise<void>;
}

/** Two processes of one service: the sick one, and one that is well, so that they can be compared. */
export async function sickService(
  mode: string,
  demoLab: DemoLab,
  context: CommandContext,
  ports: Ports,
): Promise<Running> {
  const { lab, built } = demoLab;
  if (built === undefined) return await recordedService(mode, lab, context, ports);
  context.progress(`Starting the shop in mode ${mode}…`);
  const both = await startBoth(mode, (name) => lab.start(name, context.signal));
  const { sick } = both;
  let current: string | undefined = mode;

  async function become(next: string | undefined): Promise<void> {
    if (next === current) return;
    if (current !== undefined) await sick.leave(current);
    current = undefined;
    if (next !== undefined) await sick.enter(next);
    current = next;
  }

  const group = "Make order-1 sick";
  const levers: Lever[] = playable.flatMap((name) => {
    const known = built.modes.find((candidate) => candidate.name === name);
    return known === undefined ? [] : [{ id: name, label: known.title, group, pull: () => become(name) }];
  });
  levers.push({ id: "healthy", label: "Nothing is wrong", group, pull: () => become(undefined) });
  return serviceOf(both, {
    levers,
    isRecorded: false,
    ...(mode === configuredMode
      ? {
          async configure(settings) {
            await become(configuredMode);
            await sick.configure(settings);
          },
        }
      : {}),
  });
}

/** The same without Go. */
async function recordedService(
  mode: string,
  lab: LabService,
  context: CommandContext,
  ports: Ports,
): Promise<Running> {
  context.progress("No Go here: recorded processes stand in for the shop.");
  const worlds = await ports.demoWorlds();
  const both = await startBoth(mode, async (name) => await worlds.replay(await recordingOf(name, lab)));
  return serviceOf(both, {
    levers: [],
    isRecorded: true,
    ...(mode === configuredMode
      ? {
          async configure(settings) {
            const next = settings["redis.max_active"] === "0" ? configuredMode : mendedMode;
            await both.sick.become(await recordingOf(next, lab));
          },
        }
      : {}),
  });
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

function serviceOf({ sick, well }: Both<Stoppable>, rest: Omit<DemoService, "processes">): Running {
  return {
    ...rest,
    processes: [
      { instance: "order-1", debugUrl: sick.debugUrl },
      { instance: "order-2", debugUrl: well.debugUrl },
    ],
    async stop() {
      await Promise.all([sick.stop(), well.stop()]);
    },
  };
}
