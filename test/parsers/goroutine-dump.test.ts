import { describe, expect, it } from "vitest";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";

function read(text: string) {
  const parser = goroutineDumpParser({ artifact: "goroutines.txt" });
  parser.push(Buffer.from(text));
  const result = parser.end();
  if (!result.ok) throw new Error(result.error.message);
  return { ...result.value, damage: result.damage };
}

describe("goroutineDumpParser", () => {
  it("groups goroutines by state, stack and creator", () => {
    const text = `goroutine 18 [chan send, 12 minutes]:
shop/orders.(*Notifier).Publish(0xc00011c0a0, {0xc0000b4000, 0x1c, 0x20})
	/src/shop/orders/notifier.go:41 +0x6e
created by shop/orders.(*Service).Place in goroutine 7
	/src/shop/orders/service.go:88 +0x1b4

goroutine 21 [chan send]:
shop/orders.(*Notifier).Publish(0xc00011c0f0, {0xc0000b4300, 0x1c, 0x20})
	/src/shop/orders/notifier.go:41 +0x6e
created by shop/orders.(*Service).Place in goroutine 9
	/src/shop/orders/service.go:88 +0x1b4

goroutine 1 [select (no cases), 12 minutes, locked to thread]:
main.main()
	/src/shop/cmd/shop/main.go:23 +0x2c
`;
    const { snapshot, crash, damage } = read(text);
    expect(damage).toBeUndefined();
    expect(crash).toBeUndefined();
    expect(snapshot).toEqual({
      artifact: "goroutines.txt",
      form: "dump",
      total: 3,
      counted: 3,
      groups: [
        {
          state: "chan send",
          wait: "chan send",
          count: 2,
          waitMinutes: { min: 0, max: 12 },
          stack: [
            { function: "shop/orders.(*Notifier).Publish", file: "/src/shop/orders/notifier.go", line: 41 },
          ],
          elidedFrames: 0,
          createdBy: {
            function: "shop/orders.(*Service).Place",
            file: "/src/shop/orders/service.go",
            line: 88,
          },
          lockedToThread: 0,
          exemplars: [
            {
              id: 18,
              waitMinutes: 12,
              parentId: 7,
              pointers: [
                { frame: 0, value: 0xc00011c0a0 },
                { frame: 0, value: 0xc0000b4000 },
              ],
            },
            {
              id: 21,
              parentId: 9,
              pointers: [
                { frame: 0, value: 0xc00011c0f0 },
                { frame: 0, value: 0xc0000b4300 },
              ],
            },
          ],
          waitedMutexes: new Map(),
        },
        {
          state: "select (no cases)",
          wait: "select (no cases)",
          count: 1,
          waitMinutes: { min: 12, max: 12 },
          stack: [{ function: "main.main", file: "/src/shop/cmd/shop/main.go", line: 23 }],
          elidedFrames: 0,
          lockedToThread: 1,
          exemplars: [{ id: 1, waitMinutes: 12, pointers: [] }],
          waitedMutexes: new Map(),
        },
      ],
    });
  });
});
