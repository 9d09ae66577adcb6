import type { Place } from "../chat/message.ts";
import type { RollbackWish } from "./rollback-request.ts";

/** What somebody wants done about a rollback, by a command or a button; nothing of it is done yet. */
export interface RollbackStep {
  /** What the chat calls this one command or click: delivered twice, it is the same. */
  readonly intent: string;
  readonly userId: string;
  /** Where it was said; the thread of the message with the button. */
  readonly place: Place;
  /** For what the person alone is to see. */
  readonly aside: Place;
  /** When the person did it, milliseconds since the epoch. */
  readonly atMs: number;
  /**
   * - `plan`: to be shown what would come back.
   * - `ask`: a second person is to be asked.
   * - `agree`, `cancel`: of one that was asked for.
   */
  readonly does:
    | ({ readonly kind: "plan" } & Omit<RollbackWish, "digest">)
    | ({ readonly kind: "ask" } & RollbackWish)
    | { readonly kind: "agree" | "cancel"; readonly rollbackId: string };
}
