import { chatWords } from "./chat-request.ts";

/**
 * The form that asks for a snapshot. What the chat calls it and its parts: who draws it and who reads what was filled
 * in agree by these.
 */
export const snapshotForm = {
  /** Of the form as a whole. */
  id: "snapshot",
  /** Of its inputs: block and element have the same id. */
  fields: { service: "service", instance: "instance", cpu: "cpu", extras: "extras", channel: "channel" },
  /** What may be ticked in `extras`. */
  extras: ["block", "deep", "peer"],
  /** Of the button that opens it elsewhere than from a command. */
  openedBy: "new-snapshot",
  /** Of the shortcut on a message that opens it for the message's thread. */
  shortcut: "capture",
} as const;

/** What was filled in; empty fields are absent. */
export interface SnapshotAnswers {
  readonly service: string;
  readonly instance?: string;
  /** Seconds in digits. */
  readonly cpu?: string;
  readonly extras: readonly string[];
}

/** The command that says the same as the filled-in form. */
export function snapshotWords({ service, instance, cpu, extras }: SnapshotAnswers): string {
  return chatWords([
    "snapshot",
    service,
    ...(instance === undefined ? [] : [`pod=${instance}`]),
    ...(cpu === undefined ? [] : [`cpu=${cpu}s`]),
    ...snapshotForm.extras.filter((extra) => extras.includes(extra)),
  ]);
}
