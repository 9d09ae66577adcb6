import { isOver, type RollbackRequest } from "../../domain/configuration/rollback-request.ts";

/** As it is once it ended before anything was pushed; unchanged where it does not stand at `from` any more. */
export function withdrawn(
  now: RollbackRequest,
  from: RollbackRequest["state"],
  ended: NonNullable<RollbackRequest["ended"]>,
): RollbackRequest {
  return now.state === from ? { ...now, state: "withdrawn", ended, overAtMs: ended.atMs } : now;
}

/** As it is once it cannot be done; unchanged where it is over, or something of it is in the repository. */
export function failed(now: RollbackRequest, problem: string, atMs: number): RollbackRequest {
  if (isOver(now) || now.written !== undefined) return now;
  return { ...now, state: "failed", problem, overAtMs: atMs };
}
