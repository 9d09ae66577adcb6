import type { MessageRef, Place } from "../chat/message.ts";
import type { ActOf, RollbackRequest } from "./rollback-request.ts";

/** A rollback that the audit log knows a beginning of and no end. */
export interface OpenRollback extends Pick<RollbackRequest, "id" | "service" | "push"> {
  /** Without credentials. */
  readonly repository: string;
  /** The last that is known. `requested`: nobody agreed. `approved`: whether it was pushed is not known. */
  readonly stands: "requested" | "approved" | "pushed";
  /** When that was, milliseconds since the epoch. */
  readonly atMs: number;
  readonly asked?: ActOf;
  readonly agreed?: ActOf;
  /** Where people know it from; absent in entries of earlier versions. */
  readonly place?: Place;
  /** Its card; absent where it was not there yet. */
  readonly card?: MessageRef;
}

/** One that is in no record either: nobody goes on with it. */
export interface LostRollback extends OpenRollback {
  /** What the repository has of it: nothing when null, and why that is not known. */
  readonly inRepository:
    | { readonly commit: string; readonly branch: string; readonly onto?: string }
    | { readonly unknown: string }
    | null;
}
