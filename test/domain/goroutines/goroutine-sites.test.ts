import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { groupText, shortFile, siteKey } from "../../../src/domain/goroutines/goroutine-sites.ts";
import { blamedFrames, siteGrowth, waitSites } from "../../../src/domain/goroutines/wait-sites.ts";
import { frame, group, seen, snapshot } from "./goroutines.ts";

const own = ownCode([]);

describe("siteKey", () => {
  it("is the same in a profile and in a dump, which hides the runtime at both ends", () => {
    const profile = group("chan receive", [
      "runtime.gopark:402",
      "runtime.chanrecv1:442",
      "main.wait:9",
      "main.main:5",
      "runtime.main:272",
    ]);
    const dump = group("chan receive", ["main.wait:9", "main.main:5"]);
    expect(siteKey(profile)).toBe(siteKey(dump));
  });

  it("tells lines apart, and looks only so deep that old profiles still agree", () => {
    expect(siteKey(group("select", ["main.a:1"]))).not.toBe(siteKey(group("select", ["main.a:2"])));
    const deep = Array.from({ length: 40 }, (_, depth) => `main.walk:${depth}`);
    expect(siteKey(group("select", deep))).toBe(siteKey(group("select", deep.slice(0, 30))));
  });
});

describe("waitSites", () => {
  it("adds up what reaches one own line by different ways", () => {
    const sites = waitSites(
      [
        group("chan send", ["shop/a.send:7", "shop/a.one:1"], { count: 3 }),
        group("chan send", ["shop/a.send:7", "shop/a.two:1"], { count: 5, waitMinutes: { min: 1, max: 9 } }),
        group("chan send", ["shop/a.send:8"], { count: 4 }),
      ],
      own,
    );
    expect(sites.map(({ count }) => count)).toEqual([8, 4]);
    expect(sites[0]?.oldestMinutes).toBe(9);
    expect(sites[0]?.where.map(({ function: symbol }) => symbol)).toEqual(["shop/a.send", "shop/a.two"]);
    expect(sites[1]?.oldestMinutes).toBeUndefined();
  });
});

function line(count: number) {
  return snapshot([group("chan send", ["runtime.gopark:402", "shop/a.send:7"], { count })]);
}

describe("siteGrowth", () => {
  it("follows the line through the captures", () => {
    const evidence = seen(line(10), [line(30), line(70)], 30_000);
    const [site] = waitSites(evidence.best.groups, own);
    expect(site && siteGrowth(evidence, site, own)).toEqual({
      counts: [10, 30, 70],
      before: 10,
      after: 70,
      windowMs: 30_000,
    });
  });

  it("is not known from one capture", () => {
    const evidence = seen(snapshot([group("chan send", ["shop/a.send:7"])]));
    const [site] = waitSites(evidence.best.groups, own);
    expect(site && siteGrowth(evidence, site, own)).toBeUndefined();
  });
});

describe("blamedFrames", () => {
  it("falls back to the own function that started it, then to the library", () => {
    const library = ["runtime.gopark:1", "net/http.(*persistConn).readLoop:2"];
    const started = group("select", library, { createdBy: frame("shop/x.Start:3") });
    expect(blamedFrames(started, own)[0]?.function).toBe("shop/x.Start");
    expect(blamedFrames(group("select", library), own)[0]?.function).toBe("net/http.(*persistConn).readLoop");
    expect(blamedFrames(group("active", []), own)).toEqual([]);
  });
});

describe("groupText", () => {
  it("puts state, age and place on one line", () => {
    const waiting = group("chan send", ["shop/a.send:7"], { count: 50, waitMinutes: { min: 3, max: 41 } });
    expect(groupText(waiting, waiting.stack[0])).toContain(
      "50 goroutines [chan send, 3-41 min]: shop/a.send a/code.go:7",
    );
    expect(shortFile("/very/long/way/to/ledger/store.go")).toBe("ledger/store.go");
  });
});
