import { type CardAction, cardMenu } from "../../domain/chat/chat-request.ts";
import { type Opinion, opinions } from "../../domain/findings/feedback.ts";
import { leadFinding } from "../../domain/findings/finding.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { countText } from "../../domain/units.ts";
import type { ButtonSpec, MenuSpec } from "./blocks.ts";
import { opinionLabels } from "./feedback.ts";

/** Of a change's name on its button: a label of Slack's has 75 (limits.ts), and three or four stand in a row. */
const nameCharacters = 30;

type Button = Exclude<CardAction, "mute" | "compare" | "judge" | "rollback" | Opinion>;

const labels: Readonly<Record<Button, { readonly label: string; readonly spoken: string }>> = {
  explain: { label: "Explain", spoken: "Explain the findings" },
  "capture-again": { label: "Capture Again", spoken: "Capture again" },
  "compare-peer": { label: "Compare With Peer", spoken: "Compare with another process" },
  resolve: { label: "Resolve", spoken: "Resolve" },
  report: { label: "Post a Report", spoken: "Post a report into the thread" },
};

function actionsOf({ state, analysis, peer }: Incident): readonly Button[] {
  if (state === "failed") return ["capture-again", "resolve"];
  // What is over is talked about once more.
  if (state === "resolved") return ["report"];
  if (state !== "verdict") return [];
  return [
    ...(analysis?.verdict === "pass" ? [] : (["explain"] as const)),
    "capture-again",
    ...(peer?.state === "possible" || peer?.state === "not-compared" ? (["compare-peer"] as const) : []),
    "resolve",
  ];
}

/** What can be done about the incident now; each carries its id. */
export function buttonsOf(incident: Incident): readonly ButtonSpec[] {
  const { id, service } = incident;
  return [
    ...rollbackButton(incident),
    ...actionsOf(incident).map((action) => ({
      action,
      label: labels[action].label,
      spoken: `${labels[action].spoken}: ${id}, ${service}`,
      value: id,
    })),
  ];
}

/** Where a change is named that could explain a finding, and two people may have it taken back. */
function rollbackButton({ id, state, service, analysis }: Incident): readonly ButtonSpec[] {
  const suspect = analysis?.config?.lines.find(({ change }) => change?.couldExplain !== undefined);
  if (state !== "verdict" || suspect === undefined || analysis?.config?.isWritable !== true) return [];
  // Of a tag like v20240521-prod-redis-tune what tells it from others.
  const name = suspect.name.replace(/^v?\d{8}-(?:[a-z]+-)?(?=.)/, "");
  return [
    {
      action: "rollback",
      // What is cut and what asks once more end alike.
      label: `Roll Back ${name.slice(0, nameCharacters)}…`,
      spoken: `See what a rollback of ${suspect.name} would put back: ${id}, ${service}`,
      value: id,
    },
  ];
}

/** Pressed once in a while, so it takes no room: three or four buttons are what is read at a glance. */
export function menuOf({ id, service, state }: Incident): MenuSpec | undefined {
  if (state !== "verdict" && state !== "failed") return undefined;
  return {
    action: cardMenu,
    choices: [
      ...(state === "verdict" ? [{ label: "Compare with the capture before", value: `compare ${id}` }] : []),
      { label: "Post a report", value: `report ${id}` },
      { label: `Mute alerts about ${service} for 1 h`, value: `mute ${id}` },
    ],
  };
}

/** About the finding that the card is about, and a form for all of them where there are more. */
export function feedbackButtons({ id, state, analysis }: Incident): readonly ButtonSpec[] {
  const lead = analysis === undefined ? undefined : leadFinding(analysis);
  if (lead === undefined || !/^f\d+$/.test(lead.id) || (state !== "verdict" && state !== "resolved"))
    return [];
  const { critical = 0, warning = 0, info = 0 } = analysis?.counts ?? {};
  const all = critical + warning + info;
  return [
    ...opinions.map((opinion) => ({
      action: opinion,
      label: opinionLabels[opinion],
      spoken: `${lead.id} is ${opinion}: ${lead.title}`,
      value: `${id} ${lead.id}`,
    })),
    ...(all < 2
      ? []
      : [
          {
            action: "judge",
            label: `Judge All ${countText(all)}…`,
            spoken: `Say of each of the ${countText(all)} findings whether it is right`,
            value: id,
          },
        ]),
  ];
}
