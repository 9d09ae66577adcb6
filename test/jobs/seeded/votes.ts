import type { Opinion } from "../../../src/domain/findings/feedback.ts";
import { until } from "../bot.ts";
import { cardWith, channel, mira, type World } from "./world.ts";

const never = new AbortController().signal;
const jonas = "U0JONAS002";
const finding = "f1";

/** One click on right or wrong, and whether gofire took it. */
interface Vote {
  readonly userId: string;
  readonly says: Opinion;
  readonly taken: boolean;
}

/** Two people, each changing their mind or insisting. */
const clicks: readonly (readonly [userId: string, says: Opinion])[] = [
  [mira, "wrong"],
  [jonas, "right"],
  [mira, "right"],
  [jonas, "right"],
  [jonas, "wrong"],
];

/**
 * People say what they think of a card's finding while things go wrong. What is lost or counted twice of it, a line each:
 * of whoever's click was acknowledged the last word counts, once.
 */
export async function vote(world: World): Promise<readonly string[]> {
  const { slack, web } = world;
  const { incident, card } = await cardWith(world, "right");
  const votes: Vote[] = [];
  for (const [userId, says] of clicks) {
    const before = troubleOf(world, userId);
    const { isAcked } = await slack.people.click(userId, channel, card.ts, { actionId: says });
    votes.push({ userId, says, taken: isAcked && troubleOf(world, userId) === before });
  }
  const { feedback } = web.bot;
  const lines: string[] = [];
  const voices: Opinion[] = [];
  for (const userId of [mira, jonas]) {
    const { [finding]: says } = await feedback.saidBy(incident.id, userId, never);
    if (says !== undefined) voices.push(says);
    const own = votes.filter((one) => one.userId === userId);
    const last = own.findLastIndex(({ taken }) => taken);
    // What was not acknowledged may have counted all the same, after what was.
    const possible = own.slice(Math.max(0, last)).map((one) => one.says);
    if (says === undefined ? last !== -1 : !possible.includes(says)) {
      lines.push(`${incident.id}: ${userId} says ${says}, clicked ${JSON.stringify(own)}`);
    }
  }
  const counted = (await feedback.records(never)).reduce((sum, { right, wrong }) => sum + right + wrong, 0);
  if (counted !== voices.length) lines.push(`${incident.id}: ${voices.length} voices, ${counted} counted`);
  if (votes.every(({ taken }) => taken)) {
    const right = voices.filter((says) => says === "right").length;
    const tally = `${finding}: ${right} right, ${voices.length - right} wrong`;
    await until(
      () => (JSON.stringify(world.cardOf(incident.id)?.blocks ?? []).includes(tally) ? true : undefined),
      `${tally} on the card`,
    ).catch((error: unknown) => lines.push(String(error)));
  }
  return lines;
}

function troubleOf({ slack }: World, userId: string): number {
  const { messages = [] } = slack.workspace.channels.get(channel) ?? {};
  return messages.filter(
    ({ onlyFor, text }) => onlyFor === userId && text.includes("could not take this for certain"),
  ).length;
}
