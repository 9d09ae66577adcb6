import { describe, expect, it } from "vitest";
import {
  codeObject,
  declaredFunction,
  isMainGoroutine,
  isMethod,
  isRequest,
  startedBy,
} from "../../../src/domain/code/code-object.ts";
import { frame, group } from "../goroutines/goroutines.ts";

describe("codeObject", () => {
  it.each([
    ["shop/ledger.(*Store).Post", "shop/ledger.Store"],
    ["shop/ledger.(*Store).Post.func1", "shop/ledger.Store"],
    ["shop/ledger.Store.Balance", "shop/ledger.Store"],
    ["github.com/acme/app/v2/cache.(*Cache[...]).Get", "github.com/acme/app/v2/cache.Cache"],
    ["gopkg.in/x%2ev2.(*Logger).millRun", "gopkg.in/x%2ev2.Logger"],
    ["main.main.func2.1", "main.main"],
    ["main.transfer", "main.transfer"],
    ["main.Map[...].func1", "main.Map"],
  ])("%s belongs to %s", (symbol, object) => {
    expect(codeObject(symbol)).toBe(object);
  });
});

describe("declaredFunction", () => {
  it.each([
    ["shop/pricing.(*Quoter).Quote.func1", "shop/pricing.(*Quoter).Quote"],
    ["shop/pricing.(*Quoter).Quote.gowrap2", "shop/pricing.(*Quoter).Quote"],
    ["main.main.func2.1", "main.main"],
    ["main.main.func1.deferwrap1", "main.main"],
    ["main.(*T).Run-fm", "main.(*T).Run"],
    ["main.walk-range1", "main.walk-range1"],
    ["main.main", "main.main"],
    ["main.func1", "main.func1"],
    ["gopkg.in/yaml%2ev3.(*Decoder).Decode.func1", "gopkg.in/yaml%2ev3.(*Decoder).Decode"],
  ])("%s is declared in %s", (symbol, declared) => {
    expect(declaredFunction(symbol)).toBe(declared);
  });
});

describe("isMethod", () => {
  it.each([
    "shop/ledger.(*Store).Post",
    "shop/ledger.(*store).post.func1",
    "shop/ledger.(*Cache[...]).get",
    "shop/ledger.Store.Balance",
    "shop/ledger.Store.Balance.func1",
    "shop/ledger.Cache[...].Get",
  ])("%s is one", (symbol) => {
    expect(isMethod(symbol)).toBe(true);
  });

  it.each(["main.main", "main.main.func1", "main.Serve.gowrap2", "example.com/shop.Serve", "main.Map[...]"])(
    "%s is none",
    (symbol) => {
      expect(isMethod(symbol)).toBe(false);
    },
  );
});

describe("startedBy", () => {
  it("prefers what the dump says", () => {
    const leaked = group("chan send", ["shop/pricing.(*Quoter).ask"], {
      createdBy: frame("shop/pricing.(*Quoter).Quote.func1:9"),
    });
    expect(startedBy(leaked)).toBe("shop/pricing.(*Quoter).Quote");
  });

  it("reads a closure's name when there is no creator", () => {
    expect(startedBy(group("chan send", ["shop/x.ask", "shop/x.(*Q).Quote.func1", "runtime.goexit"]))).toBe(
      "shop/x.(*Q).Quote",
    );
    expect(startedBy(group("chan send", ["shop/x.ask"]))).toBeUndefined();
    expect(startedBy(group("active", []))).toBeUndefined();
  });
});

describe("whose goroutine it is", () => {
  it("knows main", () => {
    expect(isMainGoroutine(group("chan receive", ["main.wait", "main.main", "runtime.main"]))).toBe(true);
    expect(isMainGoroutine(group("chan receive", ["main.wait", "main.main.func1"]))).toBe(false);
  });

  it("knows requests", () => {
    expect(
      isRequest(group("select", ["shop/h.get", "net/http.HandlerFunc.ServeHTTP", "net/http.(*conn).serve"])),
    ).toBe(true);
    expect(
      isRequest(group("select", ["shop/h.get", "google.golang.org/grpc.(*Server).processUnaryRPC"])),
    ).toBe(true);
    expect(isRequest(group("select", ["shop/h.get", "net/http.(*Server).Serve"]))).toBe(false);
  });
});
