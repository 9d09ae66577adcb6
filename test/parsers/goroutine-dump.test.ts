import { describe, expect, it } from "vitest";
import { goroutineDumpParser } from "../../src/parsers/goroutine-dump/goroutine-dump-parser.ts";
import { feed, whole } from "./feed.ts";
import { groupLine, groupLines, parse, partial, publish, publishLine } from "./goroutine-dumps.ts";

function waiter(id: number, address: string): string {
  return `goroutine ${id} [sync.Mutex.Lock]:
internal/sync.runtime_SemacquireMutex(0x0?, 0x0?, 0x0?)
	/usr/local/go/src/runtime/sema.go:95 +0x25
internal/sync.(*Mutex).lockSlow(${address})
	/usr/local/go/src/internal/sync/mutex.go:149 +0x15d
internal/sync.(*Mutex).Lock(...)
	/usr/local/go/src/internal/sync/mutex.go:70
main.hold(0xc000123450)
	/src/main.go:9 +0x1d
`;
}

describe("groups", () => {
  it("are equal in state, stack and creator; ids, arguments, ages and offsets do not matter", () => {
    const text = `goroutine 18 [chan send, 12 minutes]:
shop/orders.(*Notifier).Publish(0xc00011c0a0, {0xc0000b4000, 0x1c, 0x20})
	/src/shop/orders/notifier.go:41 +0x6e
created by shop/orders.(*Service).Place in goroutine 7
	/src/shop/orders/service.go:88 +0x1b4

goroutine 21 [chan send]:
shop/orders.(*Notifier).Publish(0xc00011c0f0, {0xc0000b4300, 0x1c?, 0x20})
	/src/shop/orders/notifier.go:41 +0x72
created by shop/orders.(*Service).Place in goroutine 9
	/src/shop/orders/service.go:88 +0x1b4

goroutine 1 [select (no cases), 12 minutes, locked to thread]:
main.main()
	/src/shop/cmd/shop/main.go:23 +0x2c
`;
    expect(whole(parse(text))).toEqual({
      earlier: [],
      snapshot: {
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
      },
    });
  });

  it("differ by line, creator's line, state and elision", () => {
    const variants = [
      `goroutine 1 [chan send]:\n${publish}`,
      `goroutine 2 [chan send]:\n${publish.replace(":41", ":42")}`,
      `goroutine 3 [chan send]:\n${publish.replace(":88", ":89")}`,
      `goroutine 4 [select]:\n${publish}`,
      `goroutine 5 [chan send]:\n${publish.replace("created", "...7 frames elided...\ncreated")}`,
      `goroutine 6 [chan send]:\n${publish}`,
    ];
    expect(groupLines(variants.join("\n"))).toEqual([
      `2 [chan send] ${publishLine}`,
      `1 [chan send] ${publishLine.replace(":41", ":42")}`,
      `1 [chan send] ${publishLine.replace(":88", ":89")}`,
      `1 [select] ${publishLine}`,
      `1 [chan send] ${publishLine} elided 7`,
    ]);
  });

  it("keep the four oldest goroutines as examples", () => {
    const minutes = [3, 0, 9, 9, 2, 40, 1, 9];
    const text = minutes
      .map((age, i) => `goroutine ${i + 1} [chan send${age === 0 ? "" : `, ${age} minutes`}]:\n${publish}`)
      .join("\n");
    const [group] = whole(parse(text)).snapshot.groups;
    expect(group?.waitMinutes).toEqual({ min: 0, max: 40 });
    expect(group?.exemplars.map(({ id, waitMinutes }) => [id, waitMinutes])).toEqual([
      [6, 40],
      [3, 9],
      [4, 9],
      [8, 9],
    ]);
  });

  it("count the waiters of each mutex by the live receiver of lockSlow", () => {
    const addresses = ["0xc000431c20", "0xc000431c20", "0xa09398", "0xc000431c20", "0xc000000008?"];
    const text = addresses.map((address, i) => waiter(i + 1, address)).join("\n");
    const [group] = whole(parse(`${text}\n`)).snapshot.groups;
    expect(group?.waitedMutexes).toEqual(
      new Map([
        [0xc000431c20, 3],
        [0xa09398, 1],
      ]),
    );
  });
});

function header(text: string): string {
  return `${text}\n${publish}`;
}

describe("headers", () => {
  it.each([
    [
      "goroutine 5 [chan receive (nil chan), 3 minutes]:",
      "chan receive (nil chan)",
      "chan receive (nil chan)",
    ],
    ["goroutine 5 [chan receive (scan), 3 minutes]:", "chan receive", "chan receive"],
    ["goroutine 5 [chan receive (leaked), 3 minutes]:", "chan receive (leaked)", "chan receive"],
    ["goroutine 5 [select (durable), 3 minutes, synctest bubble 2]:", "select (durable)", "select"],
    ["goroutine 5 [GC worker (idle), 3 minutes]:", "GC worker (idle)", "GC"],
    ["goroutine 5 gp=0xc000002380 m=0 mp=0x6b1a40 [syscall, 3 minutes]:", "syscall", "syscall"],
    ["goroutine 5 gp=0xc000002380 m=nil [semacquire, 3 minutes]:", "semacquire", "semacquire"],
    ["goroutine 5 [sleep, 3 minutes, locked to thread, synctest bubble 12]:", "sleep", "sleep"],
    ["goroutine 5 [idle worker of Go 2, 3 minutes]:", "idle worker of Go 2", "other"],
    ["goroutine 5 [, 3 minutes]:", "", "other"],
    ["goroutine 5 [running, 3 minutes]: ", "running", "active"],
  ])("%s", (text, state, wait) => {
    const [group] = whole(parse(header(text))).snapshot.groups;
    expect(group).toMatchObject({ state, wait, count: 1, waitMinutes: { min: 3, max: 3 } });
    expect(group?.exemplars[0]).toMatchObject({ id: 5, waitMinutes: 3 });
    expect(group?.lockedToThread).toBe(text.includes("locked") ? 1 : 0);
  });

  it.each([
    ['goroutine 5 [select, 2 minutes labels:{"route": "/x, 7 minutes", "q": "a]:b"}]:'],
    ['goroutine 5 [select, 2 minutes] {"route": "/x, 7 minutes", "q": "a]:b"}:'],
    ['goroutine 5 [select, 2 minutes]{"route": "/x, 7 minutes", "q": "a]:b"}:'],
  ])("labels do not make another group: %s", (text) => {
    const other = header('goroutine 6 [select, 9 minutes labels:{"route": "/y"}]:');
    const { groups } = whole(parse(`${header(text)}\n${other}`)).snapshot;
    expect(groups.map((group) => group.count)).toEqual([2]);
    expect(groups[0]?.waitMinutes).toEqual({ min: 2, max: 9 });
    expect(groups[0]?.exemplars.map((example) => example.labels)).toEqual([
      '{"route": "/y"}',
      '{"route": "/x, 7 minutes", "q": "a]:b"}',
    ]);
  });

  it("names without quotes are labels too", () => {
    const [group] = whole(parse(header('goroutine 5 [running] {pattern: "GET /panic"}:'))).snapshot.groups;
    expect(group?.exemplars[0]?.labels).toBe('{pattern: "GET /panic"}');
  });

  it("are told from sentences about goroutines", () => {
    const noise = "goroutine 12 is stuck\ngoroutine leak [found]:\ngoroutine 5 of 7\n";
    expect(groupLines(noise + header("goroutine 5 [select]:") + noise)).toEqual([
      `1 [select] ${publishLine}`,
    ]);
  });

  it("that cannot be read are damage, not silence", () => {
    const { snapshot, damage } = partial(
      `${header("goroutine 4 [select]:")}\n${header("goroutine 5 [sel\u0000ct:")}`,
    );
    expect(snapshot.counted).toBe(1);
    expect(damage).toEqual({
      code: "damaged",
      message: "The header of a goroutine cannot be read.",
      at: { unit: "line", value: 7 },
      excerpt: "goroutine 5 [sel\\u0000ct:",
    });
  });
});

/** The only group of a dump whose one goroutine has this body. */
function stack(body: string): string {
  const found = groupLines(`goroutine 5 [select]:\n${body}\n`);
  expect(found).toHaveLength(1);
  return found[0]?.replace("1 [select] ", "") ?? "";
}

describe("stacks", () => {
  it("read generics, method values, wrappers, inlined calls, escaped paths and odd types", () => {
    const body = `main.Map[...](0xc000012345, 0x1)
	/src/main.go:5 +0xd6
main.(*box[...]).set(...)
	/src/main.go:4
gopkg.in/yaml%2ev3.(*Node).Decode-fm({0x5, 0x6})
	/go/pkg/mod/gopkg.in/yaml.v3@v3.0.1/yaml.go:77 +0x1
main.main.func3.gowrap2()
	/src/main.go:12 +0x24
main.(*struct { sync.Mutex; m func(int) bool }).Lock(0xc0000b4000)
	<autogenerated>:1 +0x29
main.f.deferwrap1({0xc000014078?, 0x3, _}, ...)
	C:/src/main.go:61 +0x3b
panic({0x52f3a0?, 0x6b1a40?})
	/usr/local/go/src/runtime/panic.go:783 +0x132
`;
    expect(stack(body)).toBe(
      "main.Map[...]:5 < main.(*box[...]).set:4 < gopkg.in/yaml%2ev3.(*Node).Decode-fm:77 < " +
        "main.main.func3.gowrap2:12 < main.(*struct { sync.Mutex; m func(int) bool }).Lock:1 < " +
        "main.f.deferwrap1:61 < panic:783",
    );
    const [group] = whole(parse(`goroutine 5 [select]:\n${body}\n`)).snapshot.groups;
    expect(group?.stack.map((frame) => frame.file).slice(4, 6)).toEqual([
      "<autogenerated>",
      "C:/src/main.go",
    ]);
  });

  it("leave out what belongs to ancestors", () => {
    const ancestors = `[originating from goroutine 1]:
main.main(...)
	/src/main.go:30 +0x831
created by runtime.main
	/usr/local/go/src/runtime/proc.go:250 +0x1
[originating from goroutine 0]:
...additional frames elided...
`;
    expect(stack(publish + ancestors)).toBe(publishLine);
  });

  it.each([
    ["...101 frames elided...", 101],
    ["...additional frames elided...", -1],
  ])("say how many frames were left out: %s", (words, elided) => {
    const body = `main.deep(0x5)\n\t/src/main.go:9 +0x1d\n${words}\nmain.main()\n\t/src/main.go:30 +0x2\n`;
    expect(stack(body)).toBe(`main.deep:9 < main.main:30 elided ${elided}`);
  });

  it("read creators of all versions", () => {
    const older = "main.f()\n\t/src/main.go:9 +0x1d\ncreated by main.(*pool).start\n\t/src/main.go:30 +0x2\n";
    expect(stack(older)).toBe("main.f:9 by main.(*pool).start:30");
    const timer =
      "main.f()\n\t/src/main.go:9 +0x1d\ncreated by time.goFunc\n\t/usr/local/go/src/time/sleep.go:215 +0x45\n";
    expect(stack(timer)).toBe("main.f:9 by time.goFunc:215");
  });

  it("are empty for a goroutine that runs on another thread", () => {
    const body = `	goroutine running on other thread; stack unavailable
created by main.main in goroutine 1
	/src/main.go:30 +0x2
`;
    expect(stack(body)).toBe(" by main.main:30");
  });

  it("read C frames with and without symbols", () => {
    const body = `non-Go function at pc=7f21a0000010
non-Go function at pc=7f21a0000020
wait_for_card
	/src/native/card.c:17 pc=0x7f21a0000030
runtime.cgocall(0x4a1d20, 0xc000051e50)
	/usr/local/go/src/runtime/cgocall.go:167 +0x4b
main._Cfunc_wait()
	_cgo_gotypes.go:52 +0x3f
`;
    expect(stack(body)).toBe(
      "non-Go function:0 < non-Go function:0 < wait_for_card:17 < runtime.cgocall:167 < main._Cfunc_wait:52",
    );
  });

  it("pass over registers and lines of other writers", () => {
    const body = `main.f(0xc000012345)
	/src/main.go:9 +0x1d fp=0xc000051e50 sp=0xc000051e00 pc=0x4a1d20
2026/11/23 10:00:00 http: TLS handshake error from 10.0.0.7:51312: EOF
main.main()
2026/11/23 10:00:01 listening (again)
	/src/main.go:30 +0x2 fp=0xc000051f50 sp=0xc000051f00 pc=0x4a1e20
`;
    expect(stack(body)).toBe("main.f:9 < main.main:30");
  });

  it("that miss a source line are damage", () => {
    const body = "main.f(0x1)\nmain.main()\n\t/src/main.go:30 +0x2\n";
    const { snapshot, damage } = partial(`noise\ngoroutine 5 [select]:\n${body}`);
    expect(snapshot.groups.map(groupLine)).toEqual(["1 [select] main.main:30"]);
    expect(damage).toMatchObject({ code: "damaged", at: { unit: "line", value: 2 } });
    expect(snapshot.incomplete).toBe("line 2: A call of this goroutine has no source line");
  });

  it("deeper than the bound count the rest as elided", () => {
    const calls = Array.from({ length: 9 }, (_, i) => `main.f${i}()\n\t/src/main.go:${i + 1} +0x1\n`);
    const parser = goroutineDumpParser({ artifact: "a", limits: { maxDepth: 4 } });
    const { snapshot } = whole(feed(parser, `goroutine 5 [select]:\n${calls.join("")}\n`));
    expect(snapshot.groups.map(groupLine)).toEqual([
      "1 [select] main.f0:1 < main.f1:2 < main.f2:3 < main.f3:4 elided 5",
    ]);
  });
});
