import { describe, expect, it } from "vitest";
import { ownCode } from "../../../src/domain/code/own-code.ts";
import { connectionKeepers } from "../../../src/domain/http/connection-keepers.ts";
import { descriptorOpener } from "../../../src/domain/http/descriptor-openers.ts";
import { callerFrames, httpCallers } from "../../../src/domain/http/http-callers.ts";
import { listenersOf, listenerText, listenerWhere } from "../../../src/domain/http/listeners.ts";
import { frame, group, seen, snapshot } from "../goroutines/goroutines.ts";
import { profile } from "../profiles/profiles.ts";

const own = ownCode([frame("runtime.main")]);
const target = { own };
const heapTypes = ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"];
const client = ["net/http.(*Transport).RoundTrip", "net/http.send", "net/http.(*Client).do"];

describe("callerFrames", () => {
  it("passes over RoundTrippers of the service's own", () => {
    const stack = [
      ...client.slice(0, 1),
      "shop/tracing.(*Transport).RoundTrip",
      "net/http.(*Client).do",
      "shop/geo.Zone",
      "shop/handlers.Estimate",
    ];
    expect(callerFrames(stack.map(frame), own).map((one) => one.function)).toEqual([
      "shop/geo.Zone",
      "shop/handlers.Estimate",
    ]);
    expect(callerFrames([frame("shop/geo.Zone")], own)).toEqual([]);
  });
});

describe("httpCallers", () => {
  it("puts first who holds most memory, whatever was allocated before", () => {
    const heap = profile(heapTypes, [
      [[900, 9_000_000, 0, 0], ...client, "shop/rates.Fetch"],
      [[30, 30_000, 0, 0], ...client, "shop/reviews.Score", "shop/handlers.Scores"],
      [[30, 600_000, 30, 600_000], "encoding/json.Marshal", "shop/reviews.Score", "shop/handlers.Scores"],
    ]);
    const callers = httpCallers({ heap: [heap], target });
    expect(callers.map(({ where, inuseBytes }) => [where[0]?.function, inuseBytes])).toEqual([
      ["shop/reviews.Score", 600_000],
      ["shop/rates.Fetch", 0],
    ]);
    expect(callers[0]?.where.map((one) => one.function)).toEqual([
      "shop/reviews.Score",
      "shop/handlers.Scores",
    ]);
  });

  it("takes goroutines in a request when there is no heap profile", () => {
    const goroutines = seen(snapshot([group("select", [...client, "shop/rates.Fetch"], { count: 3 })]));
    expect(httpCallers({ goroutines, target }).map(({ sightings }) => sightings)).toEqual([3]);
  });
});

describe("connectionKeepers", () => {
  it("finds who makes something for each request beside the caller", () => {
    const heap = profile(heapTypes, [
      [[400, 400_000, 0, 0], ...client, "shop/geo.(*Client).Zone", "shop/shipping.Estimate"],
      [[400, 4_000_000, 390, 3_900_000], "shop/geo.NewClient", "shop/shipping.Estimate"],
      [[9, 9_000_000, 9, 9_000_000], "shop/catalog.Load", "main.main"],
    ]);
    const keepers = connectionKeepers(httpCallers({ heap: [heap], target }), { heap: [heap] }, own);
    expect(keepers.map(({ where }) => where[0]?.function)).toEqual(["shop/geo.NewClient"]);
  });
});

const conn = (parentId?: number) =>
  group("IO wait", ["net/http.(*conn).readRequest"], {
    exemplars: [{ id: 50, ...(parentId === undefined ? {} : { parentId }), pointers: [] }],
  });

describe("listenersOf", () => {
  const accept = ["internal/poll.(*FD).Accept", "net/http.(*Server).Serve"];
  const api = group("IO wait", [...accept, "shop/httpapi.(*Server).Serve"], {
    exemplars: [{ id: 7, pointers: [] }],
  });
  const debug = group("IO wait", [...accept, "shop/debug.Open.func1"], {
    exemplars: [{ id: 9, pointers: [] }],
  });

  it("believes the parent that a dump names", () => {
    const listeners = listenersOf([conn(9)], snapshot([api, debug], "dump"), own);
    expect(listeners[0]?.where[0]?.function).toBe("shop/debug.Open.func1");
    expect(listenerText(listeners)).toContain("accepted them");
  });

  it("puts operators' listeners last when no parent is known, and says so", () => {
    const listeners = listenersOf([conn()], snapshot([debug, api]), own);
    expect(listeners.map(({ where }) => where[0]?.function)).toEqual([
      "shop/httpapi.(*Server).Serve",
      "shop/debug.Open.func1",
    ]);
    expect(listenerText(listeners)).toContain("not known");
  });

  it("falls back to the library", () => {
    expect(listenerWhere([], conn())[0]?.function).toBe("net/http.(*conn).readRequest");
  });
});

describe("descriptorOpener", () => {
  it("blames open connections when they are most of the descriptors, else who opened files", () => {
    const loops = group("select", ["net/http.(*persistConn).readLoop"], { count: 900 });
    const heap = profile(heapTypes, [
      [[9000, 900_000, 10, 1000], "os.newFile", "os.OpenFile", "shop/tmp.Scratch"],
      [[300, 30_000, 300, 30_000], "os.newFile", "os.OpenFile", "shop/uploads.(*Spool).Save"],
    ]);
    const connections = descriptorOpener({ goroutines: seen(snapshot([loops])), heap: [heap], target }, 1000);
    expect(connections?.text).toContain("HTTP client connections");
    expect(descriptorOpener({ heap: [heap], target }, 1000)?.where[0]?.function).toBe(
      "shop/uploads.(*Spool).Save",
    );
  });
});
