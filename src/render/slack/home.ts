import type { Audience, ChatReply, CommandHelp } from "../../domain/chat/chat-reply.ts";
import type { ChatRight } from "../../domain/chat/chat-rights.ts";
import { snapshotForm } from "../../domain/chat/snapshot-form.ts";
import { countText } from "../../domain/units.ts";
import { type Block, buttons, context, header, section } from "./blocks.ts";
import { channel, group, person, timeOfDay, words } from "./escape.ts";
import { commandLine } from "./help.ts";
import { incidentLine } from "./incident-line.ts";
import { muteLine } from "./mute-words.ts";
import { shadowHint, shadowLine } from "./status.ts";
import { stormLine } from "./storm-line.ts";

/** What a person's App Home says. */
export interface HomeState {
  /** Of all channels. */
  readonly status: Extract<ChatReply, { kind: "status" }>;
  /** `allowed` for this person. */
  readonly commands: readonly CommandHelp[];
  /** Who has which right; no audience: every full member of the workspace. */
  readonly rights: readonly { readonly right: ChatRight; readonly audience?: Audience }[];
  /** Milliseconds since the epoch at which all this was so. */
  readonly asOfMs: number;
}

const mostListed = 20;
const mostNamed = 8;

/** What runs now first, then what came out, then what may be done and by whom. A view calls nobody. */
export function homeView({ status, commands, rights, asOfMs }: HomeState): object {
  const { capturing, waiting, last, shadowed, storms, mutes, counts } = status;
  const open = [...capturing, ...waiting];
  const mayCapture = commands.every(({ name, allowed }) => name !== "snapshot" || allowed !== false);
  const blocks: readonly Block[] = [
    header("gofire"),
    ...section(["What is wrong with a Go service, where in its code, and what to do."]),
    ...(mayCapture
      ? buttons("home", [
          {
            action: snapshotForm.openedBy,
            label: "Capture a Service…",
            spoken: "Capture a service",
            value: snapshotForm.openedBy,
            style: "primary",
          },
        ])
      : []),
    header("Running now"),
    ...list(
      [
        ...storms.map((storm) => stormLine(storm, { withChannel: true })),
        ...open.map((incident) => incidentLine(incident, { withChannel: true })),
      ],
      "Nothing is captured just now.",
    ),
    header("Last verdicts"),
    ...list(
      last.map((incident) => incidentLine(incident, { withChannel: true })),
      "None yet.",
    ),
    ...(shadowed.length === 0
      ? []
      : [
          header("In shadow"),
          ...list(["Nothing of these was posted.", ...shadowed.map(shadowLine)], ""),
          ...context([shadowHint]),
        ]),
    ...(mutes.length === 0 ? [] : [header("Muted"), ...list(mutes.map(muteLine), "")]),
    header("What you can do"),
    ...list(commands.map(commandLine), "Nothing here."),
    header("Who may do what"),
    ...list(rights.map(rightLine), "Every full member of the workspace may do everything."),
    ...context([
      `As of ${timeOfDay(asOfMs, "{date_short_pretty} {time}")} · ${countText(counts.capturing)} capturing, ${countText(counts.waiting)} waiting of at most ${countText(counts.limit)}`,
    ]),
  ];
  return { type: "home", blocks };
}

function list(lines: readonly string[], none: string): readonly Block[] {
  const shown = lines.slice(0, mostListed);
  const rest = lines.length - shown.length;
  const more = rest > 0 ? `… and ${countText(rest)} more: \`/gofire status everywhere\`` : "";
  return section([...(lines.length === 0 ? [none] : shown), more], "… and more: `/gofire status everywhere`");
}

const rightWords: Readonly<Record<ChatRight, string>> = {
  snapshot: "Capture a service",
  status: "See what runs",
  explain: "Read findings in full",
  diff: "Compare captures",
  tls: "Look at TLS ports",
  mute: "Mute alerts and rules",
  resolve: "Resolve incidents",
  feedback: "Judge findings",
  rollback: "Ask for rollbacks and agree to them",
  approve: "Approve configuration changes",
};

function rightLine({ right, audience }: HomeState["rights"][number]): string {
  return `• ${rightWords[right]}: ${audience === undefined ? "every full member" : audienceWords(audience)}`;
}

function audienceWords({ groups, users, channels }: Audience): string {
  const people = [...groups.map(group), ...users.map(person)];
  const rest = people.length - mostNamed;
  const parts = [
    people.length === 0
      ? ""
      : `${people.slice(0, mostNamed).join(", ")}${rest > 0 ? ` and ${countText(rest)} more` : ""}`,
    channels.length === 0 ? "" : `everybody in ${channels.slice(0, mostNamed).map(channel).join(", ")}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? words("nobody", 10) : parts.join("; ");
}
