import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { profileStacks, weightThrough } from "../../../src/render/flame-graph/stacks.ts";
import { type FlameNode, type FlameTree, flameTree, widthOf } from "../../../src/render/flame-graph/tree.ts";
import { profileOf, stacksOf, whole } from "./stacks.ts";

/** One line a call: how deep, what, how much. */
function outline({ children, rest }: Pick<FlameTree, "children" | "rest">, indent = ""): string[] {
  return [
    ...children.flatMap((node) => [
      `${indent}${node.frame.function.replace("shop/", "")} ${node.now}${node.before === 0 ? "" : ` was ${node.before}`}`,
      ...outline(node, `${indent}  `),
    ]),
    ...(rest === undefined ? [] : [`${indent}${rest.functions} more ${rest.now}`]),
  ];
}

describe("flameTree", () => {
  it("merges equal calls that are reached the same way, heaviest first", () => {
    const stacks = stacksOf(`
      http.Serve > orders.Place > ledger.Post 70
      jobs.Run > ledger.Post 5
      http.Serve > orders.List 10
      http.Serve > orders.Place > stock.Take 15`);
    expect(outline(whole(flameTree(stacks, { leastShare: 0 })))).toEqual([
      "http.Serve 95",
      "  orders.Place 85",
      "    ledger.Post 70",
      "    stock.Take 15",
      "  orders.List 10",
      "jobs.Run 5",
      "  ledger.Post 5",
    ]);
  });

  it("tells what it leaves out", () => {
    const stacks = stacksOf(`
      a.Run > b.Big 96
      a.Run > c.Small 1
      a.Run > d.Small > e.Smaller 1
      f.Tiny 2`);
    expect(outline(whole(flameTree(stacks, { leastShare: 0.05 })))).toEqual([
      "a.Run 98",
      "  b.Big 96",
      "  2 more 2",
      "1 more 2",
    ]);
  });

  it("passes over what weighs nothing or less, and survives no stacks", () => {
    const profile = profileOf(
      [
        { calls: [0], value: 3 },
        { calls: [1], value: 0 },
        { calls: [2], value: -4 },
        { calls: [], value: 2 },
      ],
      3,
    );
    const tree = whole(flameTree(profileStacks(profile, 0), { leastShare: 0 }));
    expect(outline(tree)).toEqual(["pkg.F0 3"]);
    expect(tree.now).toBe(5);
    expect(whole(flameTree(profileStacks(profileOf([], 0), 0), { leastShare: 0 })).children).toEqual([]);
  });

  it("counts as a plain walk over all stacks does, for any stacks", () => {
    const stack = fc.record({
      calls: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8 }),
      value: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(stack, { maxLength: 30 }),
        fc.nat(30),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        (list, earlier, leastShare) => {
          const stacks = profileStacks(profileOf(list, 6), 0);
          const tree = whole(flameTree(stacks, { leastShare, earlier }));
          const total = list.reduce((sum, { value }) => sum + value, 0);
          expect(widthOf(tree)).toBe(total);
          check(tree, []);

          function check(inside: FlameTree | FlameNode, path: readonly number[]): void {
            let sum = 0;
            for (const child of inside.children) {
              const calls = [...path, Number(child.frame.function.replace("shop/pkg.F", ""))];
              const through = (from: number, to: number) =>
                list
                  .slice(from, to)
                  .filter((other) => calls.every((call, depth) => other.calls[depth] === call))
                  .reduce((all, { value }) => all + value, 0);
              expect(child.before).toBe(through(0, earlier));
              expect(child.now).toBe(through(earlier, list.length));
              expect(widthOf(child)).toBeGreaterThanOrEqual(leastShare * total);
              sum += widthOf(child);
              check(child, calls);
            }
            sum += inside.rest === undefined ? 0 : widthOf(inside.rest);
            expect(sum).toBeLessThanOrEqual(widthOf(inside));
            if (path.length === 0) {
              const empty = list.filter(({ calls }) => calls.length === 0);
              expect(sum).toBe(total - empty.reduce((all, { value }) => all + value, 0));
            }
          }
        },
      ),
    );
  });

  it("knows what passes through a function, recursion counted once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ calls: fc.array(fc.nat(4), { maxLength: 6 }), value: fc.nat(9) }), {
          maxLength: 20,
        }),
        fc.nat(4),
        (list, wanted) => {
          const stacks = profileStacks(profileOf(list, 5), 0);
          const through = list.filter(({ calls }) => calls.includes(wanted));
          expect(weightThrough(stacks, `shop/pkg.F${wanted}`).now).toBe(
            through.reduce((sum, { value }) => sum + value, 0),
          );
        },
      ),
    );
  });
});
