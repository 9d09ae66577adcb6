import * as z from "zod/mini";
import { feedbackForm } from "../../domain/chat/feedback-form.ts";
import { type Opinions, opinions } from "../../domain/findings/feedback.ts";
import type { Submission } from "./payloads.ts";
import { noteOf, type Spot, spotNoted } from "./spot.ts";

const aboutFinding = z.object({
  channel: z.string(),
  thread: z.optional(z.string()),
  isReply: z.optional(z.boolean()),
  incident: z.string(),
  finding: z.string(),
});

/** The view, remembering which finding it is about and where that was clicked on. */
export function withFinding(
  view: object,
  { incidentId, finding }: { readonly incidentId: string; readonly finding: string },
  spot: Spot,
): object {
  return {
    ...view,
    private_metadata: JSON.stringify({ ...noteOf(spot), incident: incidentId, finding }),
  };
}

/** What was filled in; undefined for a form that was left empty. Throws for a form that is none of ours. */
export function commentIn({
  private_metadata: remembered,
  state,
}: Submission["view"]):
  | { readonly incidentId: string; readonly finding: string; readonly comment: string; readonly spot: Spot }
  | undefined {
  const { incident, finding, channel, thread, isReply } = aboutFinding.parse(JSON.parse(remembered));
  const comment = state?.values[feedbackForm.comment]?.[feedbackForm.comment]?.value?.trim() ?? "";
  if (comment === "") return undefined;
  return { incidentId: incident, finding, comment, spot: spotNoted(channel, thread, isReply) };
}

const aboutIncident = z.omit(aboutFinding, { finding: true });

/** The view, remembering which incident it is about and where that was clicked on. */
export function withIncident(view: object, incident: string, spot: Spot): object {
  return { ...view, private_metadata: JSON.stringify({ ...noteOf(spot), incident }) };
}

/** What was chosen, by finding. Throws for a form that is none of ours. */
export function opinionsIn({ private_metadata: remembered, state }: Submission["view"]): {
  readonly incidentId: string;
  readonly opinions: Opinions;
  readonly spot: Spot;
} {
  const { incident, channel, thread, isReply } = aboutIncident.parse(JSON.parse(remembered));
  const chosen = Object.entries(state?.values ?? {}).flatMap(([finding, fields]) => {
    const value = fields[finding]?.selected_option?.value;
    const says = opinions.find((opinion) => opinion === value);
    return says === undefined ? [] : [[finding, says] as const];
  });
  return {
    incidentId: incident,
    opinions: Object.fromEntries(chosen),
    spot: spotNoted(channel, thread, isReply),
  };
}
