import { array, assert, integer, nat, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  goroutineCountsParser,
  looksLikeGoroutineCounts,
} from "../../src/parsers/goroutine-counts/goroutine-counts-parser.ts";
import { failure, feed, whole } from "./feed.ts";

/** Written by Go 1.26 for a small process, cut down; the shop's paths are invented. */
const counts = `goroutine profile: total 21
9 @ 0x484c0e 0x465612 0x4655e9 0x485cc5 0x4919fd 0x51b68d 0x51b673 0x51b66f 0x48b981
# labels: {"route":"/api/cart", "tenant":"0"}
#	0x485cc4	internal/sync.runtime_SemacquireMutex+0x24	/usr/local/go/src/runtime/sema.go:95
#	0x4919fc	internal/sync.(*Mutex).lockSlow+0x15c		/usr/local/go/src/internal/sync/mutex.go:149
#	0x51b68c	internal/sync.(*Mutex).Lock+0x2c		/usr/local/go/src/internal/sync/mutex.go:70
#	0x51b672	sync.(*Mutex).Lock+0x12				/usr/local/go/src/sync/mutex.go:46
#	0x51b66e	shop/carts.(*Store).Put+0xe			/src/shop/carts/store.go:12

4 @ 0x484c0e 0x465612 0x4655e9 0x485cc5 0x4919fd 0x51b68d 0x51b673 0x51b66f 0x48b981
# labels: {"route":"/api/cart", "tenant":"1"}
#	0x485cc4	internal/sync.runtime_SemacquireMutex+0x24	/usr/local/go/src/runtime/sema.go:95
#	0x4919fc	internal/sync.(*Mutex).lockSlow+0x15c		/usr/local/go/src/internal/sync/mutex.go:149
#	0x51b68c	internal/sync.(*Mutex).Lock+0x2c		/usr/local/go/src/internal/sync/mutex.go:70
#	0x51b672	sync.(*Mutex).Lock+0x12				/usr/local/go/src/sync/mutex.go:46
#	0x51b66e	shop/carts.(*Store).Put+0xe			/src/shop/carts/store.go:12

3 @ 0x484c0e 0x41719c 0x416d97 0x51b5c5 0x48b981
#	0x51b5c4	shop/orders.(*Notifier).Publish+0x24	/src/shop/orders/notifier.go:41

2 @ 0x484c0e 0x41719c 0x416d97 0x51b5d9 0x48b981
#	0x51b5d8	shop/orders.(*Notifier).Publish+0x38	/src/shop/orders/notifier.go:41

1 @ 0x51ba42 0x48b981
#	0x51ba41	shop/pricing.spin+0x1	/src/shop/pricing/spin.go:7

1 @ 0x7f21a0000010 0x482b00 0x48b981
#	0x7f21a000000f
#	0x482aff	shop/native._Cfunc_wait+0x1f	_cgo_gotypes.go:52

1 @ 0x43f4ee 0x44ba05 0x48b981
#	0x43f4ed	runtime.gopark+0xcd		/usr/local/go/src/runtime/proc.go:424
#	0x44ba04	runtime.forcegchelper+0xa4	/usr/local/go/src/runtime/proc.go:337

`;

function parse(input: string | Uint8Array, pieceBytes?: number) {
  return feed(goroutineCountsParser({ artifact: "g1.txt", takenAtMs: 7 }), input, pieceBytes);
}

function summary(input: string | Uint8Array) {
  const { snapshot } = whole(parse(input));
  return snapshot.groups.map((group) => [group.count, group.state, group.stack.map((f) => f.function)]);
}

describe("goroutineCountsParser", () => {
  it.each([
    ["with blanks for tabs", counts.replaceAll("\t", "   ")],
    ["indented", counts.replaceAll(/^/gm, "    ")],
    ["quoted", counts.replaceAll(/^/gm, "> ").replaceAll(/^> $/gm, ">")],
    ["between fences and commands", `It hangs:\n\n\`\`\`\n$ curl -s $URL\n${counts}\`\`\`\n\nAny idea?\n`],
  ])("reads what was copied: %s", (_how, copied) => {
    expect(looksLikeGoroutineCounts(Buffer.from(copied))).toBe(true);
    expect(parse(copied)).toEqual(parse(counts));
  });

  it("merges rows that differ in labels and program counters only", () => {
    const { snapshot, leaked } = whole(parse(counts));
    expect(leaked).toBe(false);
    expect(snapshot).toMatchObject({
      artifact: "g1.txt",
      form: "counts",
      takenAtMs: 7,
      total: 21,
      counted: 21,
    });
    expect(snapshot.incomplete).toBeUndefined();
    expect(summary(counts)).toEqual([
      [
        13,
        "sync.Mutex.Lock",
        [
          "internal/sync.runtime_SemacquireMutex",
          "internal/sync.(*Mutex).lockSlow",
          "internal/sync.(*Mutex).Lock",
          "sync.(*Mutex).Lock",
          "shop/carts.(*Store).Put",
        ],
      ],
      [5, "unknown", ["shop/orders.(*Notifier).Publish"]],
      [1, "active", ["shop/pricing.spin"]],
      [1, "active", ["0x7f21a000000f", "shop/native._Cfunc_wait"]],
      [1, "force gc (idle)", ["runtime.gopark", "runtime.forcegchelper"]],
    ]);
    expect(snapshot.groups[0]?.stack[4]).toEqual({
      function: "shop/carts.(*Store).Put",
      file: "/src/shop/carts/store.go",
      line: 12,
    });
    expect(snapshot.groups[3]?.stack[0]).toEqual({ function: "0x7f21a000000f", file: "", line: 0 });
  });

  it("reads the same in chunks of any size, and with carriage returns", () => {
    const expected = parse(counts);
    for (const size of [1, 2, 7, 64, 1000]) expect(parse(counts, size)).toEqual(expected);
    expect(parse(counts.replaceAll("\n", "\r\n"))).toEqual(expected);
  });

  it("knows the runtime's own leak profile", () => {
    const { leaked } = whole(parse(counts.replace("goroutine profile", "goroutineleak profile")));
    expect(leaked).toBe(true);
  });

  it("keeps what stands before a broken tail and says what is missing", () => {
    const cut = counts.slice(0, counts.indexOf("notifier.go:41") + 5);
    const result = parse(cut);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.damage).toMatchObject({ code: "damaged", at: { unit: "line", value: 19 } });
    const { snapshot } = result.value;
    expect([snapshot.total, snapshot.counted]).toEqual([21, 16]);
    expect(snapshot.groups.map((group) => [group.count, group.elidedFrames])).toEqual([
      [13, 0],
      [3, -1],
    ]);
    expect(snapshot.incomplete).toBe(
      "5 of 21 goroutines are not in the file. The input ends within a stack.",
    );
  });

  it("says that rows are missing when the file ends between two of them", () => {
    const { snapshot } = whole(parse(counts.slice(0, counts.indexOf("3 @"))));
    expect(snapshot.incomplete).toBe("8 of 21 goroutines are not in the file. Rows are missing.");
  });

  it("reads several that were appended to one file as several captures", () => {
    const grown = counts.replace("21\n9 @", "24\n12 @");
    const quoted = counts.replaceAll(/^/gm, "> ");
    for (const [input, first, second] of [
      [`${counts}${grown}`, 1, 35],
      [`$ curl -s $URL\n${counts}$ !!\n${grown}`, 2, 37],
      [`${quoted}\n${grown}`, 1, 36],
    ] as const) {
      const { snapshot, earlier, note } = whole(parse(input));
      expect([snapshot.total, snapshot.counted, snapshot.incomplete]).toEqual([24, 24, undefined]);
      expect(earlier).toEqual([whole(parse(counts)).snapshot]);
      expect(note).toBe(
        `2 profiles stand in it one after another; judged is that of line ${second}; what grew is measured from line ${first}`,
      );
    }
    const hourly = whole(parse(counts.repeat(60)));
    expect([hourly.snapshot.total, hourly.earlier.length]).toEqual([21, 8]);
    expect(hourly.note).toMatch(/^60 profiles .*; 51 left out, the oldest or of another sort$/);
    expect(whole(parse(counts)).note).toBeUndefined();
  });

  it("says that roots may be cut at the depth where Go stops recording", () => {
    const pcs = Array.from({ length: 32 }, (_, i) => ` 0x${(4096 + i).toString(16)}`).join("");
    const deep = `goroutine profile: total 2\n1 @${pcs}\n#\t0xfff\tmain.f+0x1\tf.go:1\n\n1 @ 0x1\n#\t0x0\tmain.g+0x1\tg.go:1\n\n`;
    expect(whole(parse(deep)).snapshot.groups.map((group) => group.elidedFrames)).toEqual([-1, 0]);
  });

  it("stops at its bounds and keeps what it has", () => {
    const parser = goroutineCountsParser({ artifact: "g1.txt", bounds: { groups: 2 } });
    const result = feed(parser, counts);
    if (!result.ok) throw new Error(result.error.message);
    expect(result.damage).toMatchObject({ code: "too-large", at: { unit: "line", value: 24 } });
    expect(result.value.snapshot).toMatchObject({ total: 21, counted: 18 });
  });

  it.each([
    ["", "empty"],
    ["goroutine 1 [running]:\nmain.main()\n\tmain.go:5 +0x1d\n", "not-this-format"],
    ["threadcreate profile: total 7\n", "not-this-format"],
  ])("refuses %j", (input, code) => {
    expect(failure(parse(input)).code).toBe(code);
    expect(looksLikeGoroutineCounts(Buffer.from(input))).toBe(false);
  });

  it("is recognised by its first line", () => {
    expect(looksLikeGoroutineCounts(Buffer.from(counts))).toBe(true);
  });

  it("never throws and always accounts for what it counted", () => {
    const bytes = Buffer.from(counts);
    assert(
      property(
        array(record({ at: nat(bytes.length - 1), to: nat(255) }), { maxLength: 8 }),
        nat(bytes.length),
        integer({ min: 1, max: 300 }),
        (changes, length, pieceBytes) => {
          const mutant = Buffer.from(bytes);
          for (const { at, to } of changes) mutant[at] = to;
          const result = parse(mutant.subarray(0, length), pieceBytes);
          if (!result.ok) return;
          const { snapshot } = result.value;
          expect(snapshot.groups.reduce((sum, group) => sum + group.count, 0)).toBe(snapshot.counted);
          expect(snapshot.total).toBeGreaterThanOrEqual(snapshot.counted);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
