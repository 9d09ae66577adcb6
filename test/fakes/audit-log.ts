import { generateKeyPairSync } from "node:crypto";
import { signedCheckpoint } from "../../src/audit/checkpoint.ts";
import { entryOf, readEntry } from "../../src/audit/entry.ts";
import { Growth } from "../../src/audit/growth.ts";
import { signerOf } from "../../src/audit/keys.ts";
import type { LoggedEvent } from "../../src/domain/audit/audit-event.ts";
import type { PortError } from "../../src/domain/errors.ts";
import type { AuditLog } from "../../src/ports/audit-log.ts";

export interface FakeAuditLog extends AuditLog {
  /** What is in it. */
  readonly logged: readonly LoggedEvent[];
  /** Until called again with undefined, the log cannot be added to or asked for this reason. */
  failWith(error: PortError | undefined): void;
}

/** A log in memory, signed with a key that nobody keeps. */
export function fakeAuditLog(origin = "gofire.shop.example/audit"): FakeAuditLog {
  const signer = signerOf(origin, generateKeyPairSync("ed25519").privateKey);
  const growth = new Growth();
  const logged: LoggedEvent[] = [];
  let failure: PortError | undefined;

  async function asked(signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (failure !== undefined) throw failure;
  }

  return {
    origin,
    verifier: signer.verifier.text,
    logged,
    failWith(error) {
      failure = error;
    },
    async append(event, signal) {
      const entry = entryOf(event, signer);
      await asked(signal);
      const there = logged.find((one) => one.event.id === event.id);
      if (there !== undefined) return there;
      const read = readEntry(entry, signer.verifier);
      if (typeof read === "string") throw new Error(`The entry ${read}.`);
      const added = { index: logged.length, event: read };
      growth.append(entry);
      logged.push(added);
      return added;
    },
    async *entries(from, signal) {
      await asked(signal);
      yield* logged.slice(from);
    },
    async checkpoint(signal) {
      await asked(signal);
      return signedCheckpoint({ size: growth.size, root: growth.root() }, signer);
    },
    async place(signal) {
      await asked(signal);
      return "memory";
    },
    close: () => Promise.resolve(),
  };
}
