/** Factors of what configurations write behind numbers: durations (Go), bytes (Go, Kubernetes), cores (Kubernetes). */
const units: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  h: 3600,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  "": 1,
};

/** A value without the quotes that make it a text: to what reads an environment variable, `"0"` is 0. */
export function unquoted(text: string | undefined): string {
  return /^"(.*)"$/.exec(text ?? "")?.[1] ?? text ?? "";
}

/** Whether a value became less or more; undefined where that cannot be told, or where both are the same. */
export function direction(from: string | undefined, to: string | undefined): "less" | "more" | undefined {
  const [was, now] = [quantityOf(from), quantityOf(to)];
  if (was === undefined || now === undefined || was.kind !== now.kind || was.value === now.value)
    return undefined;
  return now.value < was.value ? "less" : "more";
}

/** Minutes and thousandths are both "m": values are compared only with others that are written alike. */
function quantityOf(text: string | undefined): { readonly value: number; readonly kind: string } | undefined {
  const [, number, unit = ""] = /^([+-]?\d+(?:\.\d+)?)\s*([A-Za-zµ]*)$/.exec(unquoted(text)) ?? [];
  if (number === undefined) return undefined;
  if (unit === "m") return { value: Number(number), kind: "m" };
  const factor = units[unit];
  return factor === undefined ? undefined : { value: Number(number) * factor, kind: kindOf(unit) };
}

function kindOf(unit: string): string {
  if (unit === "") return "number";
  return /s$|^h$/.test(unit) ? "duration" : "amount";
}
