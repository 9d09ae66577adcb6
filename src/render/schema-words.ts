/** What the JSON Schemas (draft 2020-12) of gofire's documents are put together from. */
export const text = { type: "string" };
export const number = { type: "number" };
export const count = { type: "integer", minimum: 0 };

/** An object that has exactly these properties; the optional ones may be absent. */
export function object(
  properties: Readonly<Record<string, object>>,
  optional: readonly string[] = [],
): object {
  return {
    type: "object",
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
  };
}

export function list(items: object): object {
  return { type: "array", items };
}
