import { isJsonObject } from "../../../domain/json-object.ts";
import { type Fields, shown } from "../fields.ts";

/** Where blocks are shown; some are allowed in one place only. */
export type Surface = "message" | "modal" | "home";

/** What a check needs beside the value, and where it writes what is wrong. */
export interface Inspection {
  readonly surface: Surface;
  /** One line per problem, as Slack words it, each with its JSON pointer. */
  readonly problems: string[];
  /** Whether a file may be shown in an image block now. */
  readonly fileIsReady: (idOrUrl: string) => boolean;
  /** Characters of all table cells, data tables and markdown blocks seen so far. */
  readonly sums: { table: number; dataTable: number; markdown: number };
}

export type Check = (value: unknown, pointer: string, inspection: Inspection) => void;

export function report(inspection: Inspection, problem: string, pointer: string): void {
  inspection.problems.push(`${problem} [json-pointer:${pointer}]`);
}

/** A string of `min` to `max` characters. Slack does not say what a character is; UTF-16 units is the strict reading. */
export function text(max: number, min = 1): Check {
  return (value, pointer, inspection) => {
    if (typeof value !== "string") report(inspection, "must provide a string", pointer);
    else if (value.length < min) report(inspection, `must be more than ${min - 1} characters`, pointer);
    else if (value.length > max) report(inspection, `must be less than ${max + 1} characters`, pointer);
  };
}

export function whole(min: number, max: number): Check {
  return (value, pointer, inspection) => {
    if (typeof value !== "number" || !Number.isInteger(value))
      report(inspection, "must provide a number", pointer);
    else if (value < min) report(inspection, `must be greater than or equal to ${min}`, pointer);
    else if (value > max) report(inspection, `must be less than or equal to ${max}`, pointer);
  };
}

export const number: Check = (value, pointer, inspection) => {
  if (typeof value !== "number") report(inspection, "must provide a number", pointer);
};

export const flag: Check = (value, pointer, inspection) => {
  if (typeof value !== "boolean") report(inspection, "must provide a boolean", pointer);
};

export const anything: Check = () => {};

export function oneOf(...allowed: readonly unknown[]): Check {
  return (value, pointer, inspection) => {
    if (!allowed.includes(value)) report(inspection, `must be one of: ${allowed.join(", ")}`, pointer);
  };
}

export function matching(pattern: RegExp): Check {
  return (value, pointer, inspection) => {
    if (typeof value !== "string" || !pattern.test(value))
      report(inspection, `input must match regex pattern: ${pattern.source}`, pointer);
  };
}

export function list(min: number, max: number, item: Check): Check {
  return (value, pointer, inspection) => {
    if (!Array.isArray(value)) return report(inspection, "must provide an array", pointer);
    if (value.length < min) report(inspection, `no fewer than ${min} items required`, pointer);
    if (value.length > max) report(inspection, `no more than ${max} items allowed`, pointer);
    value.forEach((entry, index) => item(entry, `${pointer}/${index}`, inspection));
  };
}

export interface Shape {
  readonly required?: Readonly<Record<string, Check>>;
  readonly optional?: Readonly<Record<string, Check>>;
  /** Rules between fields. */
  readonly also?: (fields: Fields, pointer: string, inspection: Inspection) => void;
}

/** An object of exactly these fields; `type` is always allowed. */
export function shape({ required = {}, optional = {}, also }: Shape): Check {
  return (value, pointer, inspection) => {
    if (!isJsonObject(value)) return report(inspection, "must provide an object", pointer);
    for (const name of Object.keys(required))
      if (value[name] === undefined) report(inspection, `missing required field: ${name}`, pointer);
    for (const [name, field] of Object.entries(value)) {
      if (field === undefined || name === "type") continue;
      const check = required[name] ?? optional[name];
      if (check === undefined) report(inspection, `invalid additional property: ${name}`, pointer);
      else check(field, `${pointer}/${name}`, inspection);
    }
    also?.(value, pointer, inspection);
  };
}

/** An object whose `type` says which of these it is. */
export function byType(kinds: Readonly<Record<string, Check>>): Check {
  return (value, pointer, inspection) => {
    if (!isJsonObject(value)) return report(inspection, "must provide an object", pointer);
    if (value.type === undefined) return report(inspection, "missing required field: type", pointer);
    const check = typeof value.type === "string" ? kinds[value.type] : undefined;
    if (check === undefined) report(inspection, `unsupported type: ${shown(value.type)}`, `${pointer}/type`);
    else check(value, pointer, inspection);
  };
}

/** Adds the line that Slack puts first when a value may have one of several shapes and none fits. */
export function anyShape(check: Check): Check {
  return (value, pointer, inspection) => {
    const before = inspection.problems.length;
    check(value, pointer, inspection);
    if (inspection.problems.length > before)
      inspection.problems.splice(before, 0, `failed to match all allowed schemas [json-pointer:${pointer}]`);
  };
}
