import type { OwnCode } from "../code/own-code.ts";
import { shortName } from "../code/symbol-names.ts";
import type { EvidenceExcerpt } from "../findings/finding.ts";
import { shortFile } from "../goroutines/goroutine-sites.ts";
import { blamedFrames } from "../goroutines/wait-sites.ts";
import { countText } from "../units.ts";
import type { LockHolder } from "./lock-holders.ts";
import type { LockQueue } from "./lock-queues.ts";

/** "one mutex", "3 mutexes", "a mutex of ledger.Store": as much as the capture tells. */
export function lockText({ lock, object, address, mutexes }: LockQueue): string {
  const name = lock === "mutex" ? "mutex" : "RWMutex";
  if (address !== undefined) return `one ${name}`;
  if (mutexes !== undefined && mutexes > 1) return `${countText(mutexes)} mutexes of ${shortName(object)}`;
  return `${lock === "mutex" ? "a" : "an"} ${name} of ${shortName(object)}`;
}

/** "goroutine 1203 [IO wait] at ledger.(*Replica).Append replica.go:33". */
export function holderText(holder: LockHolder, own: OwnCode): string {
  const { group } = holder;
  const [frame] = blamedFrames(group, own);
  const place =
    frame === undefined ? "" : ` at ${shortName(frame.function)} ${shortFile(frame.file)}:${frame.line}`;
  return `${whoText(holder)} [${group.state}]${place}`;
}

/** "goroutine 1203" where the capture tells which one, else how many may be it. */
function whoText({ group, goroutine }: LockHolder): string {
  const id = goroutine?.id ?? (group.count === 1 ? group.exemplars[0]?.id : undefined);
  if (id !== undefined) return `goroutine ${id}`;
  return group.count === 1 ? "one goroutine" : `${countText(group.count)} goroutines`;
}

/** What makes it the probable holder, as a sentence. */
export function holderReason(holder: LockHolder, queue: LockQueue): string {
  const passes = shortName(holder.passes.function);
  if (holder.reason === "address" && queue.address !== undefined) {
    return `Inferred: it has the lock's object among its arguments (${passes}; the mutex is at 0x${queue.address.toString(16)}).`;
  }
  return holder.reason === "function"
    ? `Inferred from its stack: it is inside ${passes}, beyond the call that takes the lock.`
    : `Inferred from its stack: it is inside ${passes}, another function of the type whose lock they wait for.`;
}

/** The holder's stack in short: its own frames, innermost first. */
export function holderExcerpt(holder: LockHolder, artifact: string, own: OwnCode): EvidenceExcerpt {
  const frames = blamedFrames(holder.group, own)
    .slice(0, 3)
    .map((frame) => `  ${frame.function} ${shortFile(frame.file)}:${frame.line}`);
  return { artifact, excerpt: [holderText(holder, own), ...frames].join("\n") };
}
