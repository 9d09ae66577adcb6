import type { ChatReply } from "../../domain/chat/chat-reply.ts";
import type { MessageBody } from "../../domain/chat/message.ts";
import type { ConfigChange } from "../../domain/configuration/config-change.ts";
import type { MovedValue, RevertWay, Rollback } from "../../domain/configuration/rollback.ts";
import { wishText } from "../../domain/configuration/rollback-request.ts";
import { counted, durationText } from "../../domain/units.ts";
import { changeText } from "../config-words.ts";
import { rollbackCommand } from "../rollback-commands.ts";
import { type Block, buttons, context, header, section } from "./blocks.ts";
import { code, words } from "./escape.ts";
import { replyBody } from "./reply-body.ts";

type RollbackReply = Omit<Extract<ChatReply, { kind: "rollback" }>, "kind">;
type Text = (text: string) => string;

const mostChanges = 12;
const mostOthers = 6;
const mostLines = 4;
const partCharacters = 90;

/** First of all: what this message does. */
function nothingDone({ writable }: Rollback): string {
  return writable === undefined ? "gofire changes nothing itself." : "Nothing is changed yet.";
}

const written: Text = (text) => words(text, partCharacters);
const same: Text = (text) => text;

/** What a rollback would put back, what stands in its way, and the commands that do it. */
export function rollbackBody({ rollback, asking, isAnew }: RollbackReply): MessageBody {
  const { service, own, others } = rollback;
  const command = rollbackCommand(rollback);
  const after = `/gofire snapshot ${service}`;
  const anew = isAnew === true ? "It changed since: this is the plan as it is now." : "";
  const not = asking !== undefined && "not" in asking ? `gofire does not do it by itself: ${asking.not}` : "";
  return replyBody(
    [
      anew,
      nothingDone(rollback),
      introduction(rollback, same),
      ...[...own, ...others].map((one) => `${backText(one, same)}.`),
      ...warnings(rollback, same).map((line) => `${line}.`),
      command === undefined ? noCommand(rollback, same) : `${whereText(rollback, same)}: ${command}`,
      `Then: ${after}, to see whether it helped.`,
      not,
    ],
    [
      header(`⏪ ${service} · what a rollback would put back`),
      ...section(
        [
          anew === "" ? "" : `*${anew}*`,
          `${nothingDone(rollback)} ${introduction(rollback, written)}`,
          ...listed(own, mostChanges, "value"),
          ...(others.length === 0
            ? []
            : [`⚠️ ${othersText(rollback)}`, ...listed(others, mostOthers, "value")]),
        ],
        "… and more.",
      ),
      ...section(warnings(rollback, written).map((line) => `⚠️ ${line}`)),
      ...section([
        command === undefined ? noCommand(rollback, written) : `${whereText(rollback, written)}:`,
        command === undefined ? "" : code(command, Number.POSITIVE_INFINITY),
        `Release it as you release every change. Then: ${code(after, 200)}, to see whether it helped.`,
      ]),
      ...askingBlocks(rollback, asking),
      ...context([suspicionText(rollback)]),
    ],
  );
}

/** The button that asks for a second person, or why there is none. */
function askingBlocks({ service, writable }: Rollback, asking: RollbackReply["asking"]): readonly Block[] {
  if (asking === undefined) return [];
  if ("not" in asking) return section([`gofire does not do it by itself: ${words(asking.not, 500)}`]);
  const onto = writable?.push === "proposal" ? "pushes it as a branch to be merged" : "pushes it";
  return [
    ...section([
      `Or let gofire do it: once a second person has agreed, it ${onto}, and measures whether it helped.`,
    ]),
    ...buttons("rollback-plan", [
      {
        action: "rollback-ask",
        label: "Ask for a Second Person…",
        spoken: `Ask for a second person to agree to the rollback of ${service}`,
        value: wishText(asking.wish),
        style: "primary",
        confirm: {
          title: `Ask for the rollback of ${service}?`,
          text: "A card shows everybody there what would come back. Nothing is pushed before somebody else agrees.",
          yes: "Ask",
          no: "Not yet",
        },
      },
    ]),
  ];
}

function introduction({ way, own, others }: Rollback, text: Text): string {
  const none = own.length + others.length === 0;
  if (way.kind === "restore") {
    return `Back to ${text(way.name)}${none ? " puts back no value that can be compared" : ", this would come back:"}`;
  }
  const whose = way.author === "" ? "" : ` by ${text(way.author)}`;
  const what = `${text(way.name)}${whose}${agoText(way)} (${text(way.subject)})`;
  return none
    ? `A revert of ${what} puts back no value by itself.`
    : `This would be put back, as before ${what}:`;
}

function agoText({ atMs, askedAtMs, incident }: RevertWay): string {
  if (incident === undefined) return `, ${durationText(Math.max(0, askedAtMs - atMs))} ago`;
  return `, ${durationText(Math.max(0, incident.momentMs - atMs))} before ${incident.moment}`;
}

/** `redis.max_active 0 → 200 (prod/order.yaml)` */
export function backText(change: ConfigChange, text: Text): string {
  return `${changeText(change, text)} (${text(change.file)})`;
}

function listed(changes: readonly ConfigChange[], most: number, what: string): readonly string[] {
  const rest = changes.length - most;
  return [
    ...changes.slice(0, most).map((change) => `• ${backText(change, written)}`),
    ...(rest > 0 ? [`… and ${counted(rest, `more ${what}`)}`] : []),
  ];
}

function othersText({ service, own, others }: Rollback): string {
  const elsewhere = others.filter(({ path }) => own.some((one) => one.path === path)).length;
  const alike = elsewhere === 0 ? "" : `, ${elsewhere} of the same name`;
  return `The same change touched ${counted(others.length, "value")} outside of the files of ${words(service, 80)}${alike}. A revert takes ${others.length === 1 ? "it" : "them"} back, too:`;
}

function warnings(rollback: Rollback, text: Text): readonly string[] {
  const { way, moved, already, uncompared, later, notes, writable } = rollback;
  const conflict =
    "Git stops there with a conflict: mend the file and git revert --continue, or git revert --abort";
  return [
    ...(way.kind === "revert" && way.undoes !== undefined
      ? [
          `${text(way.name)} has itself rolled ${text(way.undoes)} back: taken back, it brings the values of ${text(way.undoes)} again`,
        ]
      : []),
    ...cut(
      moved.map((value) => movedText(value, text)),
      "value that changed since",
    ),
    ...(moved.length === 0 ? [] : [conflict]),
    ...cut(
      (writable?.conflicts ?? []).map(
        (file) => `${text(file)}: git cannot do it by itself there, so gofire will not`,
      ),
      "file with a conflict",
    ),
    ...(writable?.problem === undefined
      ? []
      : [`Whether gofire could do it is not known: ${text(writable.problem)}`]),
    ...(already === 0
      ? []
      : [`${counted(already, "value")} of the change ${already === 1 ? "is" : "are"} as before already`]),
    ...cut(
      uncompared.map(
        ({ file, reason }) => `${text(file)} comes back, too, and could not be compared: ${text(reason)}`,
      ),
      "file that could not be compared",
    ),
    ...cut(
      later.map(
        ({ name, author, values }) =>
          `${text(name)} by ${text(author)} changed ${counted(values, "value")} in the same files since; they stay unless git finds a conflict`,
      ),
      "later change",
    ),
    ...cut(
      notes.map((note) => text(note).replace(/\.$/, "")),
      "note",
    ),
  ];
}

function movedText({ since, before }: MovedValue, text: Text): string {
  const was = before === undefined ? "" : `; before it ${text(before)}`;
  return `${text(since.file)}: ${changeText(since, text)} since the change${was}`;
}

function cut(lines: readonly string[], what: string): readonly string[] {
  const rest = lines.length - mostLines;
  return rest > 0 ? [...lines.slice(0, mostLines), `… and ${counted(rest, `more ${what}`)}`] : lines;
}

function whereText({ repository, branch }: Rollback, text: Text): string {
  const on = branch === undefined ? ", on the branch that is released" : "";
  return `At the root of a clean clone of ${text(repository)}${on}`;
}

function noCommand({ way, repository }: Rollback, text: Text): string {
  return `The names of its files cannot be written as a command here: restore them from ${text(way.revision)} in a clone of ${text(repository)}.`;
}

function suspicionText({ way }: Rollback): string {
  if (way.kind === "restore" || way.incident?.suspected === undefined) return "";
  const { id, suspected } = way.incident;
  return `Chosen because it could explain ${words(suspected.finding, 20)} of ${words(id, 40)} (inferred from its name: ${words(suspected.reason, 200)}).`;
}
