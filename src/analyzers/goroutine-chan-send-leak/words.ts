import { shortName } from "../../domain/code/symbol-names.ts";
import type { GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import type { Outlet } from "../../domain/goroutines/undrained-outlets.ts";
import { counted, countText } from "../../domain/units.ts";

/** What is known of the other end of the channel that goroutines send on. */
export interface OtherEnd {
  /** The runtime found the channel unreachable for everybody else. */
  readonly proven: boolean;
  /** They wait for a slot of an errgroup, inside of one of its tasks or not. */
  readonly slot: "inside" | "outside" | undefined;
  /** The only other goroutine (or crew) of their code that is stuck, and the function in which it is. */
  readonly blocked: { readonly group: GoroutineGroup; readonly in: string } | undefined;
  /** Of those who probably hold the slots of this semaphore, none of which has moved for a minute: how many, and the largest group. */
  readonly holder:
    | { readonly group: GoroutineGroup; readonly count: number; readonly in: string }
    | undefined;
  /** The loop of the senders' type in which one of them stands itself. */
  readonly itself: string | undefined;
  /** A library that takes nothing more, because nobody reads what it hands out. */
  readonly undrained: Outlet | undefined;
  /** Goroutines of the same type that may receive. */
  readonly partners: number;
}

/** Sentences on why the senders are stuck, and what to do. */
export function readingOf({ proven, slot, blocked, holder, itself, undrained, partners }: OtherEnd): {
  readonly doing: string;
  readonly why: string;
  readonly next: readonly string[];
} {
  if (slot !== undefined) return slotReading(slot);
  const name = shortName(blocked?.in ?? "");
  return {
    doing: "stuck sending",
    why: proven
      ? "The runtime's own leak detection found the channel unreachable for everybody else: they can never go on."
      : blocked !== undefined
        ? blockedText(blocked.group, name)
        : holder !== undefined
          ? `Probably the channel is a semaphore, and those who have come past this line hold its slots: ${counted(holder.count, "goroutine")}, most of them in ${shortName(holder.in)} in ${holder.group.state}, ${holder.count === 1 ? "has" : "have"} waited for ${counted(holder.group.waitMinutes?.min ?? 1, "minute")} or longer (inferred from the lines).`
          : itself !== undefined
            ? `One of them is the goroutine of ${shortName(itself)}, a method of the same type: if that is the loop which receives, it waits for itself, and all others for it (inferred from its name and stack).`
            : undrained !== undefined
              ? `Probably nobody reads ${undrained.name}: a goroutine of the library has stood at handing something out there in every capture, and takes nothing more meanwhile (inferred; whether these send to it a channel does not tell).`
              : partners === 0
                ? "No goroutine of the same type is at work that could receive from this channel."
                : "Goroutines of the same type are at work and may receive: a queue that is full because they cannot keep up looks alike.",
    next: [
      ...(blocked === undefined
        ? []
        : [`Free ${name} first: a loop must not wait for somebody who waits for the loop.`]),
      ...(holder === undefined
        ? []
        : [
            `Give what ${shortName(holder.in)} waits for a deadline, and do not call what needs a slot of the same semaphore while holding one.`,
          ]),
      ...(itself === undefined
        ? []
        : [
            `Do not send from ${shortName(itself)}, or what it calls, on the channel that it receives from: hand such values over in a slice of its own, or from another goroutine.`,
          ]),
      ...(undrained === undefined ? [] : [undrained.next]),
      ...(holder === undefined
        ? [
            "Make the channel buffered (size 1 for one answer), or send inside select with a ctx.Done() case.",
            "Find who was to receive: a return on timeout or error before the receive leaves the sender behind.",
          ]
        : [
            "Wait for a slot inside select with a ctx.Done() case, so that a request gives up with its client.",
          ]),
    ],
  };
}

function blockedText({ count, state }: GoroutineGroup, name: string): string {
  return count === 1
    ? `Probably they wait for the goroutine in ${name}, which is itself blocked in ${state}: inferred, it is the only other one of their code that is stuck.`
    : `Probably they wait for the ${countText(count)} goroutines in ${name}, which are themselves blocked in ${state}, all of their loop: inferred, they are the only others of their code that are stuck.`;
}

function slotReading(slot: "inside" | "outside") {
  return {
    doing: "waiting for a slot of an errgroup",
    why:
      slot === "inside"
        ? "Group.Go waits until one of the slots of SetLimit is free, and they stand in tasks of an errgroup themselves: if it is the same group, they hold the slots that they wait for, and none comes free (inferred from their stacks)."
        : "Group.Go waits until one of the slots of SetLimit is free: the tasks that have them do not end.",
    next:
      slot === "inside"
        ? [
            "Do not call a limited group's Go from its own tasks: give the inner tasks a group of their own, or run them in place where TryGo has no slot.",
          ]
        : ["Look at what the group's tasks wait for: Group.Go goes on when one of them ends."],
  };
}
