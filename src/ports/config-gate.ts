import type { GatePolicy, People } from "../domain/configuration/gate.ts";
import type { Proposal } from "../domain/configuration/proposal.ts";

/** The gate as gofire.yaml has it: never as a proposal would. */
export interface ConfigGate {
  /** Without credentials. */
  readonly repository: string;
  readonly policies: readonly GatePolicy[];
  readonly people: People;
  /**
   * What a proposal is now, or what its name could mean. Throws PortError, worded for people: `not-found`, `forbidden`,
   * `unavailable` and `timeout` when the repository does not answer now, `bad-response`; and the signal's reason.
   */
  proposal(name: string, signal: AbortSignal): Promise<Proposal | { readonly candidates: readonly string[] }>;
}
