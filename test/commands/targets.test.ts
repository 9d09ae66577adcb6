import { expect, test } from "vitest";
import { openTarget, typedTarget } from "../../src/commands/targets.ts";
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
