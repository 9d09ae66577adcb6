import type { LostRollback } from "../domain/configuration/lost-rollback.ts";
import { shortRevision } from "../domain/configuration/short-revision.ts";

/** What is known of a rollback that gofire lost, and what people do now; a sentence or two each, without markup. */
export function lostRollbackWords({ id, service, stands, push, repository, inRepository }: LostRollback): {
  readonly what: string;
  readonly next: string;
} {
  const lost = `gofire's records of rollback ${id} are gone (Redis), so nobody goes on with it.`;
  const look = `/gofire snapshot ${service}`;
  const again = `/gofire rollback ${service}`;
  if (stands === "requested") {
    return {
      what: `${lost} Nobody had agreed to it, and nothing was pushed.`,
      next: `Ask anew if it is still wanted: ${again}`,
    };
  }
  if (inRepository === null) {
    return stands === "approved"
      ? {
          what: `${lost} It was agreed to and is not in ${repository}: nothing was pushed.`,
          next: `Ask anew if it is still wanted: ${again}`,
        }
      : {
          what: `${lost} The audit log says that it was pushed, and it is not in ${repository}.`,
          next: "Find out who took it away there before you do anything else.",
        };
  }
  if ("unknown" in inRepository) {
    const reason = inRepository.unknown.replace(/\.$/, "");
    return {
      what: `${lost} It was agreed to; whether it was pushed is not known: ${reason}.`,
      next: `Look for "Gofire-Rollback: ${id}" in the history of ${repository} before you ask anew.`,
    };
  }
  const { commit, branch } = inRepository;
  const where = `${branch} of ${repository} has it as ${shortRevision(commit)}`;
  return push === "proposal"
    ? { what: `${lost} It was pushed: ${where}.`, next: `Merge it if it is still wanted; then: ${look}` }
    : {
        what: `${lost} It was pushed: ${where}. Whether it helped was not measured.`,
        next: `To see whether it helped: ${look}`,
      };
}
