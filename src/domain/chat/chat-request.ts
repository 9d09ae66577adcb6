import type { GateButton } from "../configuration/gate-request.ts";
import type { Opinions } from "../findings/feedback.ts";
import type { MessageRef, Place } from "./message.ts";

/** Something that a person wrote to gofire in a chat. */
export interface ChatRequest {
  /** What the chat calls this one request (trigger id, event id): delivered twice, it is the same. */
  readonly intent: string;
  readonly kind: "command" | "mention" | "shortcut";
  readonly userId: string;
  readonly place: Place;
  /** For what the person alone is to see, where that is not `place`. */
  readonly aside?: Place;
  /** The place was chosen in a form and not written in: that the person is there is not known yet. */
  readonly isChosen?: true;
  /**
   * What follows the slash command or the mention, as the chat delivers it: `snapshot order pod=order-2 deep`. What a
   * person chose in a modal is put into words by `chatWords`.
   */
  readonly words: string;
}

/** What the buttons of a card do. Each is checked against the rights of who clicked, every time. */
export const cardActions = [
  "capture-again",
  "explain",
  "compare",
  "compare-peer",
  "resolve",
  "report",
  "mute",
  "right",
  "wrong",
  "judge",
  "rollback",
] as const;
/**
 * - `capture-again`: the same capture once more, with a card of its own.
 * - `explain`: all findings in full.
 * - `compare`: against the capture of the same service before it.
 * - `compare-peer`: against another process of the service, which is captured for it.
 * - `resolve`: the incident is over.
 * - `report`: a post-incident report into the thread.
 * - `right`, `wrong`: what the person thinks of a finding.
 * - `judge`: the same of every finding, in a form.
 * - `rollback`: what a rollback of the suspected change would put back.
 * - `mute`: alerts about the incident's service are silent for an hour.
 */
export type CardAction = (typeof cardActions)[number];

/** The menu of a card: its choices say an action and the incident, with a blank between them. */
export const cardMenu = "more";

/** A click on a button of a card. The button carries ids of the incident and of a finding, and nothing else. */
export interface CardClick {
  /** Names this one click (message, action, person and time of it): delivered twice, it is the same. */
  readonly intent: string;
  readonly userId: string;
  /** Where the card is; its thread. */
  readonly place: Place;
  /** For what the person alone is to see, where that is not `place`. */
  readonly aside?: Place;
  readonly action: CardAction;
  readonly incidentId: string;
  /** Id of the finding that `right` and `wrong` are about. */
  readonly finding?: string;
  /** Why it is wrong. */
  readonly comment?: string;
}

/** A click on a button of a proposal's card, which carries what it showed. */
export interface GateClick extends Pick<CardClick, "intent" | "userId" | "place"> {
  /** For what the person alone is to see. */
  readonly aside: Place;
  /** The card. */
  readonly clicked: MessageRef;
  readonly button: GateButton;
}

/**
 * - `rollback-ask`: a second person is to be asked; carries `wishText`.
 * - `rollback-go`: the second person agrees. - `rollback-cancel`: nobody is to. Both carry the rollback's id.
 */
export const rollbackActions = ["rollback-ask", "rollback-go", "rollback-cancel"] as const;

/** A click on a button of a rollback's plan or card. */
export interface RollbackClick extends Pick<CardClick, "intent" | "userId" | "place"> {
  /** For what the person alone is to see. */
  readonly aside: Place;
  readonly action: (typeof rollbackActions)[number];
  /** What the button carries; not to be trusted. */
  readonly about: string;
}

/** A form with what a person says of the findings of an incident. */
export interface Judgement extends Pick<CardClick, "intent" | "userId" | "place" | "incidentId"> {
  /** Of the findings that were filled in. */
  readonly opinions: Opinions;
}

/** A line that is read back as these words, blanks and quotes and all: for what was chosen and not typed. */
export function chatWords(words: readonly string[]): string {
  return words
    .map((word) => {
      const [, name = "", value = word] = /^([a-z]+=)(.*)$/s.exec(word) ?? [];
      return `${name}${/^[a-z\d](?:[\w.@:/-]*[a-z\d])?$/i.test(value) ? value : quoted(value)}`;
    })
    .join(" ");
}

function quoted(text: string): string {
  return `"${text.replace(/\s+/g, " ").replace(/["\\]/g, "\\$&")}"`;
}
