import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { configSchema } from "../../src/config/schema.ts";

/**
 * The exported JSON Schema and the program must take and refuse the same documents, or an editor shows green what the program
 * will not read. Documents are the example with a few places changed: deleted, renamed, replaced, copied.
 */
const example: unknown = parse(readFileSync("gofire.example.yaml", "utf8"));
const refusesBySchema = new Ajv2020({ strictTypes: true, allErrors: false }).compile(configJsonSchema());

/** What no schema can tell: whether a URL or a regular expression can be read, and what a header is for. */
const beyondSchemas =
  /^(?:must be a URL that begins|is not a regular expression, which|is a secret by its name: write )/;

type Step = string | number;

/** Every place in a document, the document itself first. */
function places(value: unknown, at: readonly Step[] = []): (readonly Step[])[] {
  const inside =
    typeof value !== "object" || value === null
      ? []
      : Array.isArray(value)
        ? value.flatMap((item, index) => places(item, [...at, index]))
        : Object.entries(value).flatMap(([name, item]) => places(item, [...at, name]));
  return [at, ...inside];
}

const everyPlace = places(example).slice(1);

const replacement = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "", " ", "x", "/x", "a b", [], {}, [{}], ["x"], [1], { x: 1 }),
  fc.constantFrom<unknown>(0, -1, 1, 1.5, 300, 301, 65_536, 2 ** 31, 2 ** 53, 1e21),
  fc.constantFrom<unknown>(
    "http://a:1",
    "https://a/b",
    "http://a?q",
    "unix:/x",
    "ORDER_TOKEN",
    "order_token",
  ),
  fc.constantFrom<unknown>(
    "10.0.0.0/33",
    "10.0.0.300/8:1",
    "h:0",
    "h:65536",
    "[::1]:80",
    "C0EAQDV4Z",
    "socket",
  ),
  fc.string({ maxLength: 12 }),
  fc.double({ noNaN: true }),
);

const change = fc.record({
  place: fc.constantFrom(...everyPlace),
  kind: fc.constantFrom("delete", "rename", "replace", "copy", "add"),
  value: replacement,
  source: fc.constantFrom(...everyPlace),
});

function valueAt(document: unknown, at: readonly Step[]): unknown {
  return at.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? (value as Record<Step, unknown>)[step] : undefined,
    document,
  );
}

interface Change {
  readonly place: readonly Step[];
  readonly kind: string;
  readonly value: unknown;
  readonly source: readonly Step[];
}

function changed(document: unknown, { place, kind, value, source }: Change): void {
  const parent = valueAt(document, place.slice(0, -1));
  const last = place.at(-1) ?? "";
  if (typeof parent !== "object" || parent === null || (!Array.isArray(parent) && !(last in parent))) return;
  const holder = parent as Record<Step, unknown>;
  const before = holder[last];
  if (kind === "replace") holder[last] = value;
  if (kind === "copy") holder[last] = structuredClone(valueAt(example, source));
  if (kind === "add" && !Array.isArray(parent)) holder[String(source.at(-1))] = value;
  if (kind === "delete" || kind === "rename") {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete holder[last];
    if (kind === "rename" && !Array.isArray(parent)) holder[`${last}s`] = before;
  }
}

it("the JSON Schema takes what the program takes, and refuses the rest as far as schemas can", () => {
  let refused = 0;
  const runs = 1_500;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const document = structuredClone(example);
      for (const one of changes) changed(document, one);
      const program = configSchema.safeParse(document);
      const schema = refusesBySchema(document);
      if (!program.success) refused++;
      const context = () =>
        JSON.stringify({
          program: program.error?.issues.slice(0, 2),
          schema: refusesBySchema.errors,
          changes,
        });
      const beyond = program.error?.issues.every(({ message }) => beyondSchemas.test(message)) === true;
      if (schema !== program.success && !(schema && beyond)) throw new Error(context());
    }),
    { numRuns: runs, seed: 0x27 },
  );
  expect(refused).toBeGreaterThan(runs / 4);
  expect(refused).toBeLessThan(runs);
});
