import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { snapshotForm, snapshotWords } from "../../../src/domain/chat/snapshot-form.ts";
import { snapshotModal } from "../../../src/render/slack/modal.ts";
import { fieldsOf, listOf } from "../../../src/sandbox/slack/fields.ts";
import { viewRefusals } from "./slack-accepts.ts";

const services = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `service-${index}`, instances: ["a", "b"] }));

function element(view: object, field: string) {
  const block = listOf(fieldsOf(view).blocks).find(({ block_id }) => block_id === field);
  return fieldsOf(block?.element);
}

describe("the form for a snapshot", () => {
  it("is taken by Slack for any services and whatever is known already", () => {
    const name = fc.oneof(
      fc.string({ unit: "binary", maxLength: 100 }),
      fc.constantFrom("order", "<!channel>"),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ name, instances: fc.array(fc.constant("order-1"), { maxLength: 3 }) }), {
          maxLength: 130,
          selector: (service) => service.name,
        }),
        fc.record({
          service: name,
          instance: name,
          cpuSeconds: fc.nat(),
          block: fc.boolean(),
          deep: fc.boolean(),
          peer: fc.boolean(),
        }),
        (known, preset) => {
          expect(viewRefusals(snapshotModal({ services: known, preset }), "modal")).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    [100, "options"],
    [101, "option_groups"],
    [1_000, "option_groups"],
  ])("offers %i services as %s", (count, field) => {
    const view = snapshotModal({ services: services(count), preset: {} });
    const select = element(view, snapshotForm.fields.service);
    expect(select.type).toBe("static_select");
    const lists = field === "options" ? [select] : listOf(select.option_groups);
    expect(lists.flatMap(({ options }) => listOf(options)).map(({ value }) => value)).toEqual(
      services(count).map(({ name }) => name),
    );
    expect(viewRefusals(view, "modal")).toEqual([]);
  });

  it.each([0, 12_000])("lets the name be typed when there are %i", (count) => {
    const view = snapshotModal({ services: services(count), preset: { service: "order" } });
    expect(element(view, snapshotForm.fields.service)).toMatchObject({
      type: "plain_text_input",
      initial_value: "order",
    });
    expect(viewRefusals(view, "modal")).toEqual([]);
  });

  it("fills in what is known, also a length of its own", () => {
    const preset = { service: "service-3", instance: "b", cpuSeconds: 45, block: true };
    const view = snapshotModal({ services: services(5), preset });
    const { fields } = snapshotForm;
    expect(fieldsOf(element(view, fields.service).initial_option).value).toBe("service-3");
    expect(element(view, fields.instance).initial_value).toBe("b");
    expect(fieldsOf(element(view, fields.cpu).initial_option).value).toBe("45");
    expect(listOf(element(view, fields.extras).initial_options).map(({ value }) => value)).toEqual(["block"]);
  });

  it("asks for a channel where it was not opened in one", () => {
    const known = { services: services(1), preset: {} };
    const { channel } = snapshotForm.fields;
    const view = snapshotModal(known, { asksChannel: true });
    expect(element(view, channel).type).toBe("conversations_select");
    expect(viewRefusals(view, "modal")).toEqual([]);
    expect(element(snapshotModal(known), channel)).toEqual({});
  });

  it("says that names are left out that are too long to choose", () => {
    const long = { name: "x".repeat(76), instances: [] };
    const view = snapshotModal({ services: [...services(1), long], preset: {} });
    expect(JSON.stringify(view)).toContain("1 with very long names are left out");
  });

  it("means a command", () => {
    expect(
      snapshotWords({ service: "order", instance: "order-2", cpu: "20", extras: ["peer", "deep", "block"] }),
    ).toBe("snapshot order pod=order-2 cpu=20s block deep peer");
    expect(snapshotWords({ service: "order", extras: [] })).toBe("snapshot order");
  });
});
