import type { Word } from "./words.ts";

/** What is said to people and means nothing to a command. */
const manners = new Set(["please", "pls", "plz", "thanks", "thx", "ty"]);
/** What stands between the words that mean something. */
const joints = new Set(["a", "for", "now", "of", "on", "the", "service"]);

const units: Readonly<Record<string, string>> = {
  m: "m",
  min: "m",
  mins: "m",
  minute: "m",
  minutes: "m",
  h: "h",
  hr: "h",
  hrs: "h",
  hour: "h",
  hours: "h",
  d: "d",
  day: "d",
  days: "d",
};

/**
 * The words without those that make a sentence of a command: `mute order for 2 hours please` is `mute order 2h`. Joints go only
 * where there are more words than `most`, because a service may be called like one; what stands in quotes stays.
 */
export function withoutSentence(words: readonly Word[], most: number): readonly Word[] {
  const plain = withDurations(words.filter((word) => !isOneOf(manners, word)));
  return plain.filter(({ equalsAt }) => equalsAt === undefined).length <= most
    ? plain
    : plain.filter((word) => !isOneOf(joints, word));
}

function isOneOf(set: ReadonlySet<string>, { text, quoted, equalsAt }: Word): boolean {
  return !quoted && equalsAt === undefined && set.has(text.toLowerCase());
}

/** `2 hours`, `2hours` -> `2h`. */
function withDurations(words: readonly Word[]): readonly Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const before = joined.at(-1);
    const unit = unitOf(word);
    if (unit !== undefined && before !== undefined && !before.quoted && /^\d+(?:\.\d+)?$/.test(before.text)) {
      joined[joined.length - 1] = { ...before, text: before.text + unit };
      continue;
    }
    const [, amount, name = ""] = /^(\d+(?:\.\d+)?)([a-z]+)$/i.exec(word.text) ?? [];
    const own = units[name.toLowerCase()];
    joined.push(
      amount === undefined || own === undefined || word.quoted ? word : { ...word, text: amount + own },
    );
  }
  return joined;
}

function unitOf({ text, quoted, equalsAt }: Word): string | undefined {
  const name = text.toLowerCase();
  return quoted || equalsAt !== undefined || !Object.hasOwn(units, name) ? undefined : units[name];
}
