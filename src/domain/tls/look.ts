import type { Place } from "../chat/message.ts";
import type { TlsTarget } from "./probe.ts";
import type { TlsReport } from "./report.ts";

/** That somebody in the chat wants to know of a TLS port. */
export interface TlsLook {
  readonly target: TlsTarget;
  readonly place: Place;
  /** What the chat calls the request: delivered twice, it is the same. */
  readonly intent: string;
  readonly askedAtMs: number;
}

/** What came of it; `problem`: why nothing did, in a sentence. */
export type TlsAnswer =
  | { readonly report: TlsReport }
  | { readonly target: TlsTarget; readonly problem: string };
