import { type Arbitrary, array, boolean, constantFrom, integer, nat, option, record } from "fast-check";
import { add, type GroupSum, groupKey } from "./goroutine-dump-oracle.ts";

/** A goroutine as it is to be written into a dump. */
export interface GoroutineModel {
  readonly id: number;
  readonly state: string;
  readonly minutes: number;
  readonly locked: boolean;
  readonly labels: string;
  readonly calls: readonly CallModel[];
  readonly creator: CallModel | null;
  readonly creatorId: number | null;
  readonly mutex: number | null;
  readonly registers: boolean;
  readonly ancestors: boolean;
  /** A line of another writer behind every call. */
  readonly noise: string;
}

interface CallModel {
  readonly name: string;
  readonly line: number;
  readonly offset: string;
  readonly args: string;
}

/** One thing in which a copy differs from goroutine `of`. */
export interface ChangeModel {
  readonly of: number;
  readonly at: number;
  readonly field: "name" | "line" | "offset" | "args" | "drop" | "state" | "creator";
  readonly to: CallModel;
  readonly state: string;
}

/** Few and similar functions, each in its file, so that stacks share beginnings and differ in one place. */
const fileOfFunction: Readonly<Record<string, string>> = {
  "main.f": "/src/main.go",
  "main.g": "/src/main.go",
  "main.(*T).f": "/src/main2.go",
  "main.(*T[...]).f": "_cgo_gotypes.go",
  "storefront/checkout.(*Settlement).Reconcile": "/home/builder/workspace/storefront/checkout/settlement.go",
  "storefront/checkout.(*Settlement).Recompute": "/home/builder/workspace/storefront/checkout/settlement.go",
  "storefront/checkout.(*Statement).Reconcile":
    "/home/builder/workspace/storefront/checkout/long-statement.go",
  "net/http.(*conn).serve": "C:/a b/server.go",
  "a.b%2ec.F.func1.2": "/x.go",
};
const lockSlow = "internal/sync.(*Mutex).lockSlow";
const lockSlowFile = "/usr/local/go/src/internal/sync/mutex.go";

const state = constantFrom("select", "chan receive", "chan receive (nil chan)", "running", "sync.Mutex.Lock");

const call: Arbitrary<CallModel> = record({
  name: constantFrom(...Object.keys(fileOfFunction)),
  line: constantFrom(1, 7, 12, 123, 1234, 99_999),
  offset: constantFrom("", " +0x1", " +0x1d", " +0x1d4", " +0x12345"),
  args: constantFrom("", "...", "0xc000012345", "{0xc000012345, 0x5}, 0x0?", "0x1, {0x2, {0x3, _}}, ..."),
});

export const goroutineModel: Arbitrary<GoroutineModel> = record({
  // Goroutine 1 is there once.
  id: nat(99_997).map((id) => id + 2),
  state,
  minutes: constantFrom(0, 0, 1, 12, 123),
  locked: boolean(),
  labels: constantFrom("", ' labels:{"a": "]:"}', '{"b": "goroutine 1 [select]:"}', ' {c: "d"}'),
  calls: array(call, { maxLength: 6 }),
  creator: option(call),
  creatorId: option(nat(9999)),
  mutex: option(integer({ min: 0x1000, max: 0xffffffff })),
  registers: boolean(),
  ancestors: boolean(),
  noise: constantFrom("", "", "", "2026/11/23 10:00:00 order (7) shipped\n", "panic: again\n"),
});

export const changeModel: Arbitrary<ChangeModel> = record({
  of: nat(99),
  at: nat(5),
  field: constantFrom("name", "line", "offset", "args", "drop", "state", "creator"),
  to: call,
  state,
});

export function changed(model: GoroutineModel, { at, field, to, state }: ChangeModel): GoroutineModel {
  if (field === "state") return { ...model, state };
  if (field === "creator") return { ...model, creator: to };
  const index = model.calls.length === 0 ? -1 : at % model.calls.length;
  const calls = model.calls.flatMap((before, i): CallModel[] => {
    if (i !== index) return [before];
    return field === "drop" ? [] : [{ ...before, [field]: to[field] }];
  });
  return { ...model, calls };
}

export function goroutineText(model: GoroutineModel): string {
  const { labels } = model;
  const inside = labels.startsWith(" labels") ? labels : "";
  const behind = labels.startsWith(" labels") ? "" : labels;
  const age = model.minutes > 0 ? `, ${model.minutes} minutes` : "";
  const locked = model.locked ? ", locked to thread" : "";
  const who = model.registers ? `${model.id} gp=0xc000002380 m=nil` : String(model.id);
  const registers = model.registers ? ` fp=0xc${model.id} sp=0xc000051e00 pc=0x4a1d20` : "";
  let text = `goroutine ${who} [${model.state}${age}${locked}${inside}]${behind}:\n`;
  if (model.mutex !== null) {
    text += `${lockSlow}(0x${model.mutex.toString(16)})\n\t${lockSlowFile}:149 +0x1d\n`;
  }
  for (const { name, line, offset, args } of model.calls) {
    text += `${name}(${args})\n\t${fileOfFunction[name]}:${line}${offset}${offset === "" ? "" : registers}\n`;
    text += model.noise;
  }
  if (model.creator !== null) {
    const { name, line, offset } = model.creator;
    const id = model.creatorId === null ? "" : ` in goroutine ${model.creatorId}`;
    text += `created by ${name}${id}\n\t${fileOfFunction[name]}:${line}${offset}\n`;
  }
  if (model.ancestors) {
    text += `[originating from goroutine 1]:\nmain.main(...)\n\t/src/main.go:${model.id} +0x1\n`;
  }
  return text;
}

/** What a reader of the dump must find. */
export function expectedGroups(models: readonly GoroutineModel[]): Map<string, GroupSum> {
  const groups = new Map<string, GroupSum>();
  for (const model of models) {
    const frames = model.calls.map(({ name, line }) => `${name} ${fileOfFunction[name]}:${line}`);
    if (model.mutex !== null) frames.unshift(`${lockSlow} ${lockSlowFile}:149`);
    const by = model.creator;
    const creator = by === null ? "" : `${by.name} ${fileOfFunction[by.name]}:${by.line}`;
    const key = groupKey(model.state, frames, creator);
    add(groups, key, model.minutes, model.locked, model.mutex ?? undefined);
  }
  return groups;
}
