import * as z from "zod/mini";
import type { Place } from "../../domain/message.ts";
import { snapshotForm, snapshotWords } from "../../domain/snapshot-form.ts";
import type { Submission } from "./payloads.ts";

const place = z.object({ channel: z.string(), thread: z.optional(z.string()) });

/** The view, remembering where its answer belongs. */
export function withPlace(view: object, where: Place): object {
  return { ...view, private_metadata: JSON.stringify(where) };
}

/** Where the answer belongs: where the form was opened, or the channel that was chosen in it. */
export function placeOf({ private_metadata: remembered, state }: Submission["view"]): Place | undefined {
  if (remembered !== "") {
    const { channel, thread } = place.parse(JSON.parse(remembered));
    return thread === undefined ? { channel } : { channel, thread };
  }
  const { channel: field } = snapshotForm.fields;
  const channel = state?.values[field]?.[field]?.selected_conversation;
  return channel === undefined || channel === null ? undefined : { channel };
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
