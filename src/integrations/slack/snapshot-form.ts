import * as z from "zod/mini";
import { snapshotForm, snapshotWords } from "../../domain/chat/snapshot-form.ts";
import type { Submission } from "./payloads.ts";
import { noteOf, type Spot, spotAt, spotNoted } from "./spot.ts";

const note = z.object({
  channel: z.string(),
  thread: z.optional(z.string()),
  isReply: z.optional(z.boolean()),
});

/** The view, remembering where its answer belongs. */
export function withSpot(view: object, spot: Spot): object {
  return { ...view, private_metadata: JSON.stringify(noteOf(spot)) };
}

/** Where the answer belongs: where the form was opened, or the channel that was chosen in it. */
export function spotOf(view: Submission["view"]): Spot | undefined {
  const { private_metadata: remembered, state } = view;
  if (!isChosen(view)) {
    const { channel, thread, isReply } = note.parse(JSON.parse(remembered));
    return spotNoted(channel, thread, isReply);
  }
  const { channel: field } = snapshotForm.fields;
  const channel = state?.values[field]?.[field]?.selected_conversation;
  return channel === undefined || channel === null ? undefined : spotAt(channel);
}

/** Whether the channel is what the person's client says was chosen. */
export function isChosen({ private_metadata: remembered }: Submission["view"]): boolean {
  return remembered === "";
}

type Values = NonNullable<Submission["view"]["state"]>["values"];

/** What was filled in, as the command that says the same. */
export function wordsOf(values: Values): string {
  const { service, instance, cpu, extras } = snapshotForm.fields;
  const pod = chosen(values, instance);
  const seconds = chosen(values, cpu);
  return snapshotWords({
    service: chosen(values, service) ?? "",
    ...(pod === undefined ? {} : { instance: pod }),
    ...(seconds === undefined ? {} : { cpu: seconds }),
    extras: (values[extras]?.[extras]?.selected_options ?? []).map(({ value }) => value),
  });
}

function chosen(values: Values, field: string): string | undefined {
  const input = values[field]?.[field];
  const text = input?.selected_option?.value ?? input?.value;
  return text === undefined || text === null || text.trim() === "" ? undefined : text.trim();
}
