import { expect } from "vitest";
import type { GoroutineGroup } from "../../src/domain/goroutines/goroutine.ts";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import { feed, whole } from "./feed.ts";

export function parse(input: string | Uint8Array, pieceBytes?: number) {
  return feed(goroutineDumpParser({ artifact: "goroutines.txt" }), input, pieceBytes);
}

/** A damaged input of which a part could be read. */
export function partial(input: string | Uint8Array) {
  const result = parse(input);
  if (!result.ok) throw new Error(result.error.message);
  if (result.damage === undefined) throw new Error("no damage");
  return { ...result.value, damage: result.damage };
}

/** A group on one line: count, state, `function:line` from the inside out, creator, and what else is unusual. */
export function groupLine(group: GoroutineGroup): string {
  const stack = group.stack.map((frame) => `${frame.function}:${frame.line}`).join(" < ");
  const creator =
    group.createdBy === undefined ? "" : ` by ${group.createdBy.function}:${group.createdBy.line}`;
  const elided = group.elidedFrames === 0 ? "" : ` elided ${group.elidedFrames}`;
  const locked = group.lockedToThread === 0 ? "" : ` locked ${group.lockedToThread}`;
  return `${group.count} [${group.state}] ${stack}${creator}${elided}${locked}`;
}

export function groupLines(input: string | Uint8Array): string[] {
  const { snapshot } = whole(parse(input));
  expect(snapshot.groups.reduce((sum, group) => sum + group.count, 0)).toBe(snapshot.counted);
  return snapshot.groups.map(groupLine);
}

/** The lines behind a header of a goroutine that waits in the shop. */
export const publish = `shop/orders.(*Notifier).Publish(0xc00011c0a0, {0xc0000b4000, 0x1c, 0x20})
	/src/shop/orders/notifier.go:41 +0x6e
created by shop/orders.(*Service).Place in goroutine 7
	/src/shop/orders/service.go:88 +0x1b4
`;
/** The lines behind a header of a goroutine that waits in the shop. */
/** The same as `groupLine` writes it. */
export const publishLine = "shop/orders.(*Notifier).Publish:41 by shop/orders.(*Service).Place:88";
