import { describe, expect, test } from "vitest";
import { parseTarget } from "../../src/capture/address.ts";
import { openTarget } from "../../src/commands/access/targets.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { nodeOf } from "../../src/jobs/peers/node-place.ts";

describe("the machine of a process", () => {
  test.each([
    ["http://10.0.0.5:6060", "order-1", "10.0.0.5"],
    ["http://10.0.0.5:6061", "order-2", "10.0.0.5"],
    ["http://10.0.0.5:6062", undefined, "10.0.0.5"],
    ["https://[2001:db8::5]:6060", "order-3", "[2001:db8::5]"],
    ["unix:/run/order.sock", "order-4", "this machine"],
  ])("at %s called %s is %s", async (typed, instance, node) => {
    const named = instance === undefined ? {} : { instance };
    const target = openTarget({ ...parseTarget(typed), access: {}, ...named }, goTargets());
    expect(nodeOf(target)).toBe(node);
    expect(nodeOf(target, "worker-7")).toBe("worker-7");
    await target.close();
  });
});
