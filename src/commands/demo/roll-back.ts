import { UsageError } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import type { DemoPerson, DemoWorld } from "../../ports/demo-world.ts";
import type { CommandContext, Ports } from "../context.ts";

/** What gofire answers to a click comes within 3 s, where the machine is not too busy. */
const answerWithinMs = 8_000;
const mostTries = 12;
/** More than gofire gives itself to measure (src/sandbox/gofire-yaml.ts). */
const outcomeWithinMs = 150_000;
const lookEveryMs = 250;
const names: Readonly<Record<DemoPerson, string>> = { mira: "Mira", jonas: "Jonas" };

/**
 * The story from its verdict on: one person asks for the rollback, another one agrees, gofire pushes the old value, measures
 * again, and the record of it is verified. Throws UsageError where it does not come to that.
 */
export async function rollBackTogether(
  world: DemoWorld,
  log: NonNullable<DemoWorld["auditLog"]>,
  context: CommandContext,
  ports: Ports,
): Promise<void> {
  const { signal } = context;
  const clock = await ports.clock();

  await agree();
  await outcome();
  const { auditReport } = await import("../audit/report.ts");
  const { checkpoint, problems } = await auditReport(
    log.folder,
    { key: log.key, since: undefined, config: undefined },
    context,
    ports,
  );
  const [problem] = problems;
  if (problem !== undefined)
    throw new UsageError(`The audit log does not verify: ${problem.file} ${problem.what}`);
  const entries = counted(checkpoint?.size ?? 0, "entry", "entries");
  context.log(`The audit log has ${entries} of it, each signed, and verifies.`);

  /** Whoever is told that something did not answer in time for the chat does the same again. */
  async function agree(): Promise<void> {
    for (let tries = 0; tries < mostTries; tries++) {
      await pressed("mira", "Roll Back redis-tune…");
      if (!(await pressed("mira", "Ask for a Second Person…"))) continue;
      if ((await pressed("jonas", "Roll Back Now…")) && (await isUnderWay())) return;
    }
    throw new UsageError(`The rollback was not agreed to:\n${world.transcript().join("\n")}`);
  }

  async function isUnderWay(): Promise<boolean> {
    return await within(() => {
      const [card = ""] = rollbackLines(world.transcript());
      return card !== "" && !card.includes("roll back?");
    });
  }

  /** False where no such button comes in time. */
  async function pressed(who: DemoPerson, label: string): Promise<boolean> {
    const isPressed = await within(() => world.press(who, label));
    if (isPressed) context.log(`${names[who]} presses: ${label}`);
    return isPressed;
  }

  async function within(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
    const endsAtMs = clock.nowMs() + answerWithinMs;
    while (!(await isSo())) {
      if (clock.nowMs() > endsAtMs) return false;
      await clock.sleep(lookEveryMs, signal);
    }
    return true;
  }

  async function outcome(): Promise<void> {
    const endsAtMs = clock.nowMs() + outcomeWithinMs;
    let last = "";
    for (;;) {
      const [card = "", told] = rollbackLines(world.transcript());
      const title = firstSentence(card);
      if (title !== last) context.progress(title);
      last = title;
      if (told !== undefined && title.includes("rolled back and verified")) return context.log(told);
      if (/NOT (?:verified|rolled back)|not rolled back/.test(card)) throw new UsageError(card);
      if (clock.nowMs() > endsAtMs) throw new UsageError(`The rollback did not come to its end: ${card}`);
      await clock.sleep(lookEveryMs, signal);
    }
  }
}

function firstSentence(text: string): string {
  return /^.*?[.?](?=\s|$)/.exec(text)?.[0] ?? text;
}

/** The rollback's card as it is now, and what its thread is told in the end: after their mark they begin with the service. */
function rollbackLines(transcript: readonly string[]): readonly string[] {
  const line = /^ *gofire: (?:⏪|✅|🔴|⚠️|⚪️) (.*)/u;
  return transcript.flatMap((said) => line.exec(said)?.[1] ?? []);
}
