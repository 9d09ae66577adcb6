import { expect, test } from "vitest";
import {
  looksLikeAddress,
  openTarget,
  serviceNamed,
  typedTarget,
} from "../../src/commands/access/targets.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";

test("a target is told of by the name that gofire.yaml gives it, and else by its address", async () => {
  const typed = typedTarget("10.0.0.5:6060", { access: {} });
  const unnamed = openTarget(typed, goTargets());
  const named = openTarget({ ...typed, service: "order", instance: "order-7c9-x2" }, goTargets());
  expect(unnamed.instance).toBe("10.0.0.5:6060");
  expect(named.instance).toBe("order-7c9-x2");
  // The lock and the messages still name the address.
  expect(named.url).toBe("http://10.0.0.5:6060/debug/pprof/");
  await Promise.all([unnamed.close(), named.close()]);
});

test.each([
  "localhost:6060",
  ":6060",
  "[::1]:6060",
  "HTTP://host",
  "ana:secret@host:6060",
  "bücher.example:6060",
  "host:6060?debug=2",
  "host:70000",
  "unix:/run/app.sock",
])("%s is an address", (word) => {
  expect(looksLikeAddress(word)).toBe(true);
});

test.each(["order", "order-api", "order.api", "htp://ana:secret@host:6060"])("%s is a name", (word) => {
  expect(looksLikeAddress(word)).toBe(false);
});

test("a URL with a mistake in it is refused without its password", () => {
  for (const config of [undefined, parseConfig("services: {}", "gofire.yaml", "/", [])])
    expect(() => serviceNamed(config, "htp://ana:secret@host:6060")).toThrow(
      /^(?!.*secret).*"htp:\/\/…@host:6060"/,
    );
});
