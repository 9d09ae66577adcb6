import type { ConfigChange } from "../../domain/configuration/config-change.ts";
import type { RollbackRequest } from "../../domain/configuration/rollback-request.ts";
import type { WriteNote } from "../../ports/config-writer.ts";
import { changeText } from "../../render/config-words.ts";

/** What git shows of a commit in one line (git-scm.com/docs/git-commit#_discussion wants about 50). */
const subjectCharacters = 72;
const valueCharacters = 80;

/** Who reads the repository's history finds there what came back, who wanted it, and why. */
export function writeNote({ id, service, plan, way, asked, agreed, incident }: RollbackRequest): WriteNote {
  const name = oneLine(plan.way.name, subjectCharacters);
  const subject =
    way.kind === "revert" ? `Roll back ${name} of ${service}` : `Roll ${service} back to ${name}`;
  const what =
    way.kind === "revert" ? `This takes back commit ${way.revision}.` : `As in commit ${way.revision}.`;
  return {
    subject: subject.length > subjectCharacters ? `${subject.slice(0, subjectCharacters - 1)}…` : subject,
    body: [
      what,
      "",
      ...[...plan.own, ...plan.others].map(valueLine),
      "",
      `Asked for by Slack user ${asked.userId}, agreed to by Slack user ${agreed?.userId ?? "unknown"},`,
      `in gofire's rollback ${id}${incident === undefined ? "" : ` for incident ${incident.id}`}.`,
    ].join("\n"),
  };
}

function valueLine(change: ConfigChange): string {
  return `- ${changeText(change, (text) => oneLine(text, valueCharacters))} (${oneLine(change.file, 200)})`;
}

/** A line break in a value would begin a line of its own, which might be read as a trailer. */
function oneLine(text: string, most: number): string {
  // oxlint-disable-next-line no-control-regex -- it is what is looked for
  const flat = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}
