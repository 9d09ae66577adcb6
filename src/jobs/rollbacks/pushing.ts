import { actWithinMs, type RollbackRequest } from "../../domain/configuration/rollback-request.ts";
import { PortError } from "../../domain/errors.ts";
import { durationText } from "../../domain/units.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigCatalog } from "../../ports/config-history.ts";
import type { Written } from "../../ports/config-writer.ts";
import type { Rollbacks } from "../../ports/rollbacks.ts";
import type { JobOutcome } from "../../ports/worker.ts";
import { later } from "../job.ts";
import { refuses } from "../thread/show-message.ts";
import { failed, withdrawn } from "./ending.ts";
import { writeNote } from "./write-note.ts";

export interface PushPorts {
  /** Absent where gofire.yaml names no repository of configuration. */
  readonly configs?: Pick<ConfigCatalog, "of">;
  readonly rollbacks: Pick<Rollbacks, "update">;
  readonly clock: Clock;
}

/**
 * Pushes what was agreed to, unless that is done already: later, or the request as it is now. What would be written has to be
 * what was agreed to. Throws PortError for what may be tried again.
 */
export async function pushStep(
  request: RollbackRequest,
  ports: PushPorts,
  signal: AbortSignal,
): Promise<JobOutcome | RollbackRequest> {
  const { rollbacks, clock } = ports;
  const { id, service, way, push, digest, asked, agreed } = request;

  async function change(to: (now: RollbackRequest) => RollbackRequest): Promise<RollbackRequest> {
    return await rollbacks.update(id, to, signal);
  }
  async function fail(problem: string): Promise<RollbackRequest> {
    const atMs = clock.nowMs();
    return await change((now) => failed(now, problem, atMs));
  }

  const writer = ports.configs?.of(service)?.writer;
  if (writer === undefined || writer.push !== push) {
    return await fail("gofire.yaml does not have gofire write it any more.");
  }
  try {
    const found = await writer.written(id, signal);
    if (found !== undefined) return await change((now) => pushed(now, found, clock.nowMs()));
    if (clock.nowMs() - (agreed ?? asked).atMs >= actWithinMs) {
      return await fail(
        `It was agreed to more than ${durationText(actWithinMs)} ago and is not in the repository, so it is not pushed any more. Look there, and ask anew if it is still wanted.`,
      );
    }
    const made = await writer.prepare(way, signal);
    if (made.kind !== "prepared" || made.digest !== digest) {
      const ended = { userId: "", atMs: clock.nowMs(), how: "changed" } as const;
      return await change((now) => withdrawn(now, request.state, ended));
    }
    const written = await writer.write(made, id, writeNote(request), signal);
    if (written === "moved") return later(0, "the branch moved meanwhile");
    return await change((now) => pushed(now, written, clock.nowMs()));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof PortError)) throw error;
    const { message } = error;
    if (refuses(error)) return await fail(`${message}.`);
    if (clock.nowMs() - (agreed?.atMs ?? 0) < actWithinMs) throw error;
    return await fail(
      `The repository could not be reached for ${durationText(actWithinMs)} (${message}). Look at it before you ask again.`,
    );
  }
}

/** As it is once it is in the repository. */
function pushed(now: RollbackRequest, { commit, branch, onto }: Written, nowMs: number): RollbackRequest {
  return {
    ...now,
    state: now.state === "agreed" ? "pushed" : now.state,
    written: {
      commit,
      branch,
      ...(onto === undefined ? {} : { onto }),
      atMs: now.written?.atMs ?? nowMs,
    },
  };
}
