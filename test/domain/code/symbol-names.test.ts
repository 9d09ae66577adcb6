import { expect, it } from "vitest";
import { shortName } from "../../../src/domain/code/symbol-names.ts";

it.each([
  ["example.com/shop/payments.(*Client).Authorize", "payments.(*Client).Authorize"],
  ["example.com/shop/ledger.Store", "ledger.Store"],
  ["main.main", "main.main"],
  [
    "example.com/shop/cache.Map[go.shape.*example.com/shop/model.Order].Get",
    "cache.Map[go.shape.*example.com/shop/model.Order].Get",
  ],
])("%s is %s in a title", (symbol, short) => {
  expect(shortName(symbol)).toBe(short);
});
