import { describe, expect, test } from "vitest";
import { goroutineHeaders, processFacts, type Watch } from "../../src/capture/watch.ts";

/** Shows `text` to `watch` in chunks of `size` bytes. */
function show(watch: Watch, text: string, size: number): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) watch.see(bytes.subarray(at, at + size));
}

const sizes = [1, 2, 3, 7, 11, 12, 64, 10_000];

describe("goroutine headers", () => {
  const dump =
    "goroutine 1 [running]:\nmain.main()\n\t/x/main.go:3 +0x1\n\n" +
    "goroutine 7 [select, 3 minutes]:\nmain.goroutine \n\t/goroutine 9.go:1\ncreated by main.f in goroutine 1\n\n" +
    "goroutine 22 [chan receive]:\n";

  test.each(sizes)("are counted across chunks of %i bytes", (size) => {
    const watch = goroutineHeaders();
    show(watch, dump, size);
    expect(watch.count()).toBe(3);
  });
});

describe("process facts", () => {
  const scrape =
    "# HELP go_goroutines Number.\n# TYPE go_goroutines gauge\ngo_goroutines 1.2408e+04\n" +
    `${"x".repeat(9_000)} 1\n# TYPE go_info gauge\ngo_info{version="go1.23.5"} 1\n`;

  test.each(sizes)("are found across chunks of %i bytes", (size) => {
    const watch = processFacts();
    show(watch, scrape, size);
    expect(watch.facts()).toEqual({ goVersion: "go1.23.5", goroutines: 12_408 });
  });

  test("are absent when the scrape does not have them", () => {
    const watch = processFacts();
    show(watch, 'my_go_goroutines 5\nother_info{version="go1"} 1\n', 5);
    expect(watch.facts()).toEqual({});
  });
});
