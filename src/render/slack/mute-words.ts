import { type Mute, type MuteSubject, subjectWords } from "../../domain/alerts/mute.ts";
import { utcDayTime } from "../words.ts";
import { person, timeOfDay, words } from "./escape.ts";

/** One mute of a list. Who muted it is not named: a name would call them each time the list is asked for. */
export function muteLine({ subject, untilMs, reason }: Mute): string {
  const why = reason === undefined ? "" : ` · ${words(reason, 120)}`;
  return `🔕 ${words(subjectWords(subject), 160)} until ${timeOfDay(untilMs, "{date_short_pretty} {time}")}${why}`;
}

export function muteSentence({ subject, untilMs, reason }: Mute): string {
  return `Muted: ${subjectWords(subject)} until ${utcDayTime(untilMs)}${reason === undefined ? "" : `: ${reason}`}.`;
}

/** Announces a mute; it names who did it, because silence has an owner. */
export function mutedLines(mute: Mute): readonly string[] {
  const effect =
    mute.subject.kind === "service"
      ? "People can capture it all the same."
      : "Verdicts leave it out and say so.";
  return [
    `${muteLine(mute)} · by ${person(mute.userId)}`,
    effect,
    `End it now: \`/gofire ${unmuteCommand(mute.subject)}\``,
  ];
}

export function unmutedLine(subject: MuteSubject, mute: Mute | undefined): string {
  return mute === undefined
    ? `🔔 Nothing was muted: ${words(subjectWords(subject), 160)}`
    : `🔔 No longer muted: ${words(subjectWords(subject), 160)}`;
}

export function unmutedSentence(subject: MuteSubject, mute: Mute | undefined): string {
  return `${mute === undefined ? "Nothing was muted" : "No longer muted"}: ${subjectWords(subject)}.`;
}

function unmuteCommand(subject: MuteSubject): string {
  if (subject.kind === "service") return `unmute ${typeable(subject.service)}`;
  const where = subject.service === undefined ? "" : ` service=${typeable(subject.service)}`;
  return `unmute ${typeable(subject.rule)}${where}`;
}

/** Names of services and rules hold nothing else; whatever does is not to be pasted. */
function typeable(name: string): string {
  return name.replace(/[^\w./:@-]/g, "");
}
