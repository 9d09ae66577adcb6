import * as z from "zod/mini";

type Section = Readonly<Record<string, unknown>>;

/** A condition on several settings of a section, for the program and for editors. */
interface Condition {
  readonly check: z.core.$ZodCheck<Section>;
  readonly jsonSchema: object;
}

/** What JSON Schema says about a section's conditions; zod cannot derive it from a check. */
export const conditionsOf = z.registry<{ readonly allOf: readonly object[] }>();

/** A setting that may be left out. The description is for editors and the documentation. */
export function setting<Schema extends z.ZodMiniType>(schema: Schema, description: string) {
  const optional = z.optional(schema);
  z.globalRegistry.add(optional, { description });
  return optional;
}

/** A setting that has to be there. A copy of the schema, because others that share it have descriptions of their own. */
export function needed<Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema {
  const own = schema.clone();
  z.globalRegistry.add(own, { description });
  return own;
}

/** A section that knows its settings and refuses others. */
export function section<Shape extends z.core.$ZodShape>(shape: Shape, ...conditions: readonly Condition[]) {
  const plain = z.strictObject(shape);
  if (conditions.length === 0) return plain;
  const checked = plain.check(...conditions.map(({ check }) => check));
  conditionsOf.add(checked, { allOf: conditions.map(({ jsonSchema }) => jsonSchema) });
  return checked;
}

/** Exactly one of several settings must be there. */
export function exactlyOne(...names: readonly string[]): Condition {
  return {
    check: z.check<Section>(({ value, issues }) => {
      const there = names.filter((name) => value[name] !== undefined);
      const [first, second] = there;
      if (first === undefined) {
        const message = `needs ${names.join(", ").replace(/, (?=[^,]*$)/, " or ")}`;
        issues.push({ code: "custom", message, path: [], input: value });
      } else if (second !== undefined) {
        issues.push(besides(second, first, value));
      }
    }),
    jsonSchema: { oneOf: names.map((name) => ({ required: [name] })) },
  };
}

/** Not both of two settings may be there. */
export function atMostOne(first: string, second: string): Condition {
  return {
    check: z.check<Section>(({ value, issues }) => {
      if (value[first] !== undefined && value[second] !== undefined)
        issues.push(besides(second, first, value));
    }),
    jsonSchema: { not: { required: [first, second] } },
  };
}

/** One of two settings does not work without the other. */
export function together(first: string, second: string): Condition {
  return {
    check: z.check<Section>(({ value, issues }) => {
      if ((value[first] === undefined) === (value[second] === undefined)) return;
      const [there, missing] = value[first] === undefined ? [second, first] : [first, second];
      issues.push({ code: "custom", message: `needs ${missing} too`, path: [there], input: value });
    }),
    jsonSchema: { dependentRequired: { [first]: [second], [second]: [first] } },
  };
}

/** A setting that means nothing without another one. */
export function needing(name: string, other: string): Condition {
  return {
    check: z.check<Section>(({ value, issues }) => {
      if (value[name] === undefined || value[other] !== undefined) return;
      issues.push({ code: "custom", message: `needs ${other} too`, path: [name], input: value });
    }),
    jsonSchema: { dependentRequired: { [name]: [other] } },
  };
}

function besides(name: string, other: string, input: Section) {
  return {
    code: "custom" as const,
    message: `stands beside ${other}: keep one of the two`,
    path: [name],
    input,
  };
}

export const text = z.string().check(z.minLength(1, { error: "must not be empty" }));

export const environmentName = z.string().check(
  z.regex(/^[A-Z_][A-Z0-9_]*$/, {
    error:
      "must be the name of an environment variable in capitals, like ORDER_TOKEN, never the secret itself",
  }),
);

export const absolutePath = z
  .string()
  .check(z.regex(/^\/\S*$/, { error: 'must be a path that begins with "/"' }));

const noWebUrl = { error: "must be a URL that begins with http:// or https://, without a query" };

export const webUrl = z.string().check(
  z.regex(/^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s/?#]+[^\s?#]*$/, noWebUrl),
  z.refine((url) => URL.canParse(url), noWebUrl),
);

/*
 * JSON Schema has no flags for patterns: regular expressions of this room name both cases where case does not matter.
 */

/** Parts of regular expressions: a port that is not 0, and a number of an IPv4 address. */
export const port = "(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5])";
export const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";

/** `HOST:PORT` or `[IPv6]:PORT`, of a port that is not 0. */
export function hostAndPort(example: string) {
  return z.string().check(
    z.regex(new RegExp(`^(?:\\[[0-9A-Fa-f:.]+\\]|[\\w.-]+):${port}$`), {
      error: `must be HOST:PORT, for example ${example}`,
    }),
  );
}

/** Label names of Prometheus (prometheus.io/docs/concepts/data_model). */
const labelName = z.string().check(
  z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
    error: "is not the name of a label: letters, digits and underscores",
  }),
);

/** Labels by name, at least one: none would fit everything. */
export function labelSet<Value extends z.ZodMiniType>(value: Value) {
  const labels = z
    .record(labelName, value)
    .check(z.refine((named) => Object.keys(named).length > 0, { error: "must name at least one label" }));
  conditionsOf.add(labels, { allOf: [{ minProperties: 1 }] });
  return labels;
}

export function wholeNumber(least: number, most: number) {
  return z.int().check(z.gte(least), z.lte(most));
}
