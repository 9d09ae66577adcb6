import * as z from "zod/mini";
import { configSchema, thresholdsSchema } from "./schema.ts";
import { conditionsOf } from "./schema-words.ts";

/** A rule as its documentation shows it; an analyzer's `meta` is one. */
export interface DocumentedRule {
  readonly id: string;
  readonly title: string;
  readonly thresholds: Readonly<
    Record<string, { readonly default: number; readonly unit: string; readonly meaning: string }>
  >;
}

/**
 * JSON Schema (draft 2020-12) of `gofire.yaml` for editors, which with `rules` also complete rule ids and thresholds.
 * It refuses nothing that the program accepts; the program checks more.
 */
export function configJsonSchema(rules: readonly DocumentedRule[] = []): object {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema === thresholdsSchema && rules.length > 0)
        Object.assign(jsonSchema, thresholdsJson(rules));
      const conditions = conditionsOf.get(zodSchema);
      if (conditions !== undefined) Object.assign(jsonSchema, { allOf: conditions.allOf });
    },
  });
  return { title: "gofire.yaml", ...schema };
}

function thresholdsJson(rules: readonly DocumentedRule[]): object {
  const ofRule = ({ title, thresholds }: DocumentedRule) => ({
    type: "object",
    description: title,
    properties: Object.fromEntries(
      Object.entries(thresholds).map(([name, { default: usual, unit, meaning }]) => [
        name,
        { type: "number", minimum: 0, default: usual, description: `${meaning} (${unit})` },
      ]),
    ),
    additionalProperties: false,
  });
  return {
    properties: Object.fromEntries(rules.map((rule) => [rule.id, ofRule(rule)])),
    additionalProperties: false,
  };
}
