import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import { entryFrame } from "../../domain/code/code-object.ts";
import { type OwnCode, ownCode, ownFrames } from "../../domain/code/own-code.ts";
import type {
  AnalysisChanges,
  FindingChange,
  GroupChange,
  LoneFinding,
} from "../../domain/findings/analysis-changes.ts";
import type { Finding } from "../../domain/findings/finding.ts";
import { counted, countText } from "../../domain/units.ts";
import { quantity, utcDayTime } from "../words.ts";
import { context, header, section } from "./blocks.ts";
import { prose, timeOfDay, words } from "./escape.ts";
import { confidenceWords, placeCode } from "./finding-lines.ts";
import { replyBody } from "./reply-body.ts";
import { verdictMarks } from "./verdict-words.ts";

type Diff = Extract<ChatReply, { kind: "diff" }>;

const mostGroups = 5;

/** What changed from one capture of a service to a later one: verdict, findings, goroutines. */
export function diffBody({ before, after, changes, caveats }: Diff): MessageBody {
  const { verdict, goroutines, appeared, gone, changed, same, grown, shrunk } = changes;
  const change = `${verdict.before.toUpperCase()} → ${verdict.after.toUpperCase()}`;
  const nothing = appeared.length + gone.length + changed.length === 0;
  const [figures = "", ...findings] = changeSentences(changes);
  return replyBody(
    [
      `${after.service}: ${change}, from ${before.id} of ${utcDayTime(before.createdAtMs)} to ${after.id} of ${utcDayTime(after.createdAtMs)}.`,
      figures,
      ...caveats,
      ...findings,
    ],
    [
      header(`${verdictMarks[verdict.after]} ${after.service} · ${change}`),
      ...section([
        `${words(before.id, 40)} (${timeOfDay(before.createdAtMs, "{date_short_pretty} {time}")}) → ${words(after.id, 40)} (${timeOfDay(after.createdAtMs, "{date_short_pretty} {time}")})`,
        `Goroutines *${countText(goroutines.before)}* → *${countText(goroutines.after)}* (${signed(goroutines.after - goroutines.before)})`,
        ...caveats.map((caveat) => `⚠️ ${words(caveat, 300)}`),
      ]),
      ...section([
        ...appeared.map((entry) => `🔺 *${newWords(entry.other)}:* ${titleWords(entry)}`),
        ...gone.map((entry) => `✅ *${goneWords(entry.other)}:* ${titleWords(entry)}`),
        ...changed.map((entry) => `🔁 *Changed:* ${prose(changeWords(entry), 300)}`),
        ...same.map((finding) => `◽ The same: ${prose(finding.title, 200)}`),
        nothing && same.length === 0 ? "No findings in either." : "",
      ]),
      ...groupBlocks("Grew", grown),
      ...groupBlocks("Shrank", shrunk),
    ],
    "… and more than fits here.",
  );
}

/** What changed, raw: how many goroutines first, then each finding. */
export function changeSentences(changes: AnalysisChanges): readonly string[] {
  const { goroutines, appeared, gone, changed, same } = changes;
  return [
    `Goroutines ${countText(goroutines.before)}, then ${countText(goroutines.after)}.`,
    ...appeared.map(({ finding, other }) => `${newWords(other)}: ${finding.title}.`),
    ...gone.map(({ finding, other }) => `${goneWords(other)}: ${finding.title}.`),
    ...changed.map((entry) => `Changed: ${changeWords(entry)}.`),
    ...(same.length === 0 ? [] : [`The same: ${same.map(({ title }) => title).join("; ")}.`]),
    ...(appeared.length + gone.length + changed.length + same.length === 0 ? ["No findings in either."] : []),
  ];
}

/** Only a rule that looked and found nothing tells that something is new. */
function newWords(other: LoneFinding["other"]): string {
  return other === "pass" ? "New" : "New, or not looked for before";
}

function goneWords(other: LoneFinding["other"]): string {
  return other === "pass" ? "Gone" : "Not looked for this time";
}

function titleWords({ finding }: LoneFinding): string {
  return `${prose(finding.title, 200)} · ${confidenceWords[finding.confidence]}`;
}

function changeWords({ before, after }: FindingChange): string {
  const figures = `${figure(before)} → ${figure(after)}`;
  const severity = before.severity === after.severity ? "" : `, ${before.severity} → ${after.severity}`;
  const confidence =
    before.confidence === after.confidence ? "" : `, ${before.confidence} → ${after.confidence}`;
  return `${after.title} (${figures}${severity}${confidence})`;
}

function figure({ measured }: Finding): string {
  return measured === undefined ? "not measured" : quantity(measured.value, measured.unit);
}

function groupBlocks(title: string, groups: readonly GroupChange[]) {
  if (groups.length === 0) return [];
  const rest = groups.length - mostGroups;
  const own = ownCode(groups.flatMap(({ group }) => group.stack));
  return context([
    `${title}:`,
    ...groups.slice(0, mostGroups).map((change) => groupLine(change, own)),
    rest > 0 ? `… and ${counted(rest, "more group")}` : "",
  ]);
}

/** Named by the line that a person can change; where there is none, by what the goroutine was started for. */
function groupLine({ group, before, after }: GroupChange, own: OwnCode): string {
  const { stack, state } = group;
  const frame = ownFrames(stack, own, 1)[0] ?? entryFrame(stack) ?? stack[0];
  const place = frame === undefined ? "" : ` ${placeCode(frame)}`;
  return `${signed(after - before)} goroutines (${countText(before)} → ${countText(after)}) ${words(state, 60)}${place}`;
}

function signed(difference: number): string {
  return difference < 0 ? `−${countText(-difference)}` : `+${countText(difference)}`;
}
