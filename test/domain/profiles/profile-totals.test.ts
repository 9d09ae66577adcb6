import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { siteChanges } from "../../../src/domain/profiles/profile-changes.ts";
import { functionTotals, profileTotal, siteTotals } from "../../../src/domain/profiles/profile-totals.ts";
import { profile } from "./profiles.ts";

const heap = profile(
  ["inuse_objects/count", "inuse_space/bytes"],
  [
    [
      [4, 4096],
      "bytes.growSlice:249",
      "bytes.(*Buffer).Write:177",
      "shop/cart.(*Store).Put:31",
      "main.main:9",
    ],
    [[1, 9000], "shop/cart.clone:80 + shop/cart.(*Store).Put:35", "main.main:9"],
    [[2, 2048], "shop/cart.walk:12", "shop/cart.walk:14", "shop/cart.walk:14", "main.main:9"],
    [[5, 512], "net/http.newBufioReader:870", "net/http.(*conn).serve:1995"],
    [[0, 0], "shop/cart.freed:3", "main.main:9"],
    [[7, 64]],
  ],
);
const own = ownCode(heap.frames);

describe("functionTotals", () => {
  it("gives flat to the innermost frame, inlined or not, and cum once to every function on the stack", () => {
    expect(functionTotals(heap, 1)).toEqual([
      { function: "shop/cart.clone", flat: 9000, cum: 9000 },
      { function: "bytes.growSlice", flat: 4096, cum: 4096 },
      { function: "shop/cart.walk", flat: 2048, cum: 2048 },
      { function: "net/http.newBufioReader", flat: 512, cum: 512 },
      { function: "main.main", flat: 0, cum: 15_144 },
      { function: "shop/cart.(*Store).Put", flat: 0, cum: 13_096 },
      { function: "bytes.(*Buffer).Write", flat: 0, cum: 4096 },
      { function: "net/http.(*conn).serve", flat: 0, cum: 512 },
    ]);
  });

  it("counts each sample type by itself", () => {
    expect(functionTotals(heap, 0)[0]).toEqual({ function: "net/http.newBufioReader", flat: 5, cum: 5 });
    expect(functionTotals(heap, 9)).toEqual([]);
  });

  it("sorts losses with gains, by size", () => {
    const difference = profile(
      ["inuse_space/bytes"],
      [
        [[10], "main.a:1"],
        [[-500], "main.b:1"],
        [[7], "main.c:1"],
        [[-7], "main.c:2"],
      ],
    );
    expect(functionTotals(difference, 0)).toEqual([
      { function: "main.b", flat: -500, cum: -500 },
      { function: "main.a", flat: 10, cum: 10 },
    ]);
  });
});

describe("profileTotal", () => {
  it("is the sum of all samples, those without a stack included", () => {
    expect([profileTotal(heap, 0), profileTotal(heap, 1), profileTotal(heap, 2)]).toEqual([19, 15_720, 0]);
  });
});

describe("siteTotals", () => {
  it("gives each sample to its innermost own frame and leaves out what has none", () => {
    expect(
      siteTotals(heap, 1, own).map(({ frame, value }) => [`${frame.function}:${frame.line}`, value]),
    ).toEqual([
      ["shop/cart.clone:80", 9000],
      ["shop/cart.(*Store).Put:31", 4096],
      ["shop/cart.walk:12", 2048],
    ]);
  });

  it("shows the heaviest stack that reached the line", () => {
    const two = profile(
      ["cpu/nanoseconds"],
      [
        [[10], "runtime.memmove:1", "shop/cart.copy:5", "main.a:1"],
        [[90], "runtime.mallocgc:1", "shop/cart.copy:5", "main.b:1"],
      ],
    );
    const [site] = siteTotals(two, 0, ownCode(two.frames));
    expect(site?.value).toBe(100);
    expect(site?.stack.map((frame) => frame.function)).toEqual([
      "runtime.mallocgc",
      "shop/cart.copy",
      "main.b",
    ]);
  });
});

describe("changes between two profiles", () => {
  const before = profile(
    ["contentions/count", "delay/nanoseconds"],
    [
      [[1, 100], "sync.(*Mutex).Unlock:223", "shop/ledger.(*Store).Post:31"],
      [[2, 40], "sync.(*Mutex).Unlock:223", "shop/ledger.(*Store).Close:77"],
      [[1, 5], "sync.(*Mutex).Unlock:223", "shop/cart.Add:9"],
    ],
  );
  const after = profile(
    ["contentions/count", "delay/nanoseconds"],
    [
      [[3, 900], "sync.(*Mutex).Unlock:223", "shop/ledger.(*Store).Post:31"],
      [[2, 40], "sync.(*Mutex).Unlock:223", "shop/ledger.(*Store).Close:77"],
      [[1, 60], "sync.(*Mutex).Unlock:223", "shop/orders.Place:12"],
    ],
  );

  it("shows by own line what was gained and lost, largest gain first", () => {
    const changes = siteChanges(before, after, "delay", ownCode(after.frames));
    expect(changes?.map(({ frame, before, after }) => [frame.function, before, after])).toEqual([
      ["shop/ledger.(*Store).Post", 100, 900],
      ["shop/orders.Place", 0, 60],
      ["shop/ledger.(*Store).Close", 40, 40],
      ["shop/cart.Add", 5, 0],
    ]);
    expect(changes?.[3]?.stack).toHaveLength(2);
  });

  it("is undefined when the profiles do not have the sample type", () => {
    expect(siteChanges(heap, after, "delay", own)).toBeUndefined();
  });
});
