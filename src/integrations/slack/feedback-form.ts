import * as z from "zod/mini";
import { feedbackForm } from "../../domain/feedback-form.ts";
import type { Place } from "../../domain/message.ts";
import type { Submission } from "./payloads.ts";

const aboutFinding = z.object({
  channel: z.string(),
  thread: z.optional(z.string()),
  incident: z.string(),
  finding: z.string(),
});

/** The view, remembering which finding it is about and where that was clicked on. */
export function withFinding(
  view: object,
  { incidentId, finding }: { readonly incidentId: string; readonly finding: string },
  { channel, thread }: Place,
): object {
  return {
    ...view,
    private_metadata: JSON.stringify({ channel, thread, incident: incidentId, finding }),
  };
}

/** What was filled in; undefined for a form that was left empty. Throws for a form that is none of ours. */
export function commentIn({
  private_metadata: remembered,
  state,
}: Submission["view"]):
  | { readonly incidentId: string; readonly finding: string; readonly comment: string; readonly place: Place }
  | undefined {
  const { incident, finding, channel, thread } = aboutFinding.parse(JSON.parse(remembered));
  const comment = state?.values[feedbackForm.comment]?.[feedbackForm.comment]?.value?.trim() ?? "";
  if (comment === "") return undefined;
  return {
    incidentId: incident,
    finding,
    comment,
    place: thread === undefined ? { channel } : { channel, thread },
  };
}
