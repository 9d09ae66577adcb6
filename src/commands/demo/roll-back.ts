import { UsageError } from "../../domain/errors.ts";
import { counted } from "../../domain/units.ts";
import type { DemoPerson, DemoWorld } from "../../ports/demo-world.ts";
import type { CommandContext, Ports } from "../context.ts";

/** gofire looks at the repository before the next button is there: some seconds, on a busy machine more. */
const answerWithinMs = 90_000;
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
    { key: log.key, config: undefined },
    context,
    ports,
  );
  const [problem] = problems;
  if (problem !== undefined)
    throw new UsageError(`The audit log does not verify: ${problem.file} ${problem.what}`);
  const entries = counted(checkpoint?.size ?? 0, "entry", "entries");
  context.log(`The audit log has ${entries} of it, each signed, and verifies.`);

  async function agree(): Promise<void> {
    const presses: readonly (readonly [who: DemoPerson, label: string])[] = [
      ["mira", "Roll Back redis-tune…"],
      ["mira", "Ask for a Second Person…"],
      ["jonas", "Roll Back Now…"],
    ];
    let again: (() => Promise<unknown>) | undefined;
    for (const [who, label] of presses) {
      const press = async () => await world.press(who, label);
      await within(press, again, `There is no button ${label}`);
      context.log(`${names[who]} presses: ${label}`);
      again = press;
    }
    await within(isUnderWay, again, "The rollback was not agreed to");
  }

  function isUnderWay(): boolean {
    const [card = ""] = rollbackLines(world.transcript());
    return card !== "" && !card.includes("roll back?");
  }

  /** Who is told that gofire could not take it for certain, on a busy machine, does it `again`. */
  async function within(
    isSo: () => boolean | Promise<boolean>,
    again: (() => Promise<unknown>) | undefined,
    otherwise: string,
  ): Promise<void> {
    const endsAtMs = clock.nowMs() + answerWithinMs;
    let untaken = untakenIn(world.transcript());
    while (!(await isSo())) {
      if (clock.nowMs() > endsAtMs) throw new UsageError(`${otherwise}:\n${world.transcript().join("\n")}`);
      if (untakenIn(world.transcript()) > untaken) {
        untaken = untakenIn(world.transcript());
        await again?.();
      }
      await clock.sleep(lookEveryMs, signal);
    }
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

function untakenIn(transcript: readonly string[]): number {
  return transcript.filter((said) => said.includes("could not take this for certain")).length;
}

function firstSentence(text: string): string {
  return /^.*?[.?](?=\s|$)/.exec(text)?.[0] ?? text;
}

/** The rollback's card as it is now, and what its thread is told in the end: after their mark they begin with the service. */
function rollbackLines(transcript: readonly string[]): readonly string[] {
  const line = /^ *gofire: (?:⏪|✅|🔴|⚠️|⚪️) (.*)/u;
  return transcript.flatMap((said) => line.exec(said)?.[1] ?? []);
}
