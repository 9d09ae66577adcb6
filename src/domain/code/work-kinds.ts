import { packagePath } from "./frame.ts";

/**
 * What a frame's function does, as far as rules tell work apart. One bit each, so that a stack is a set.
 *
 * - `gcMark`: marking in the background and on behalf of allocating goroutines, starting and ending a cycle.
 * - `gcIdleMark`: marking on processors that had nothing else to do (named since Go 1.21); it costs nobody anything.
 * - `forcedGc`: a garbage collection that the program asked for.
 * - `sweep`: giving dead objects back to the allocator.
 * - `allocation`: getting memory for an object, GC assists included.
 * - `regexpCompile`: compiling a pattern, as opposed to matching with it.
 * - `packageInit`: package initialisation, which happens once.
 * - `json`, `otherEncoding`, `format`, `reflection`, `logging`: turning values into bytes or text.
 * - `newTimer`: the standard library's functions that start a timer, contexts with a deadline included.
 * - `tryChannel`: a channel operation or a single-case select that does not block because there is a `default`.
 * - `select`: a select of several cases, blocking or not.
 * - `yield`: giving the processor away voluntarily (runtime.Gosched), to be run again at once.
 * - `atomicRead`: looking at a value that another goroutine changes.
 * - `dial`: opening connections.
 * - `libraryWork`: anything else in a package that is not the runtime's, synchronisation, time or context.
 */
const kinds = [
  "gcMark",
  "gcIdleMark",
  "forcedGc",
  "sweep",
  "allocation",
  "regexpCompile",
  "packageInit",
  "json",
  "otherEncoding",
  "format",
  "reflection",
  "logging",
  "newTimer",
  "tryChannel",
  "select",
  "yield",
  "atomicRead",
  "dial",
  "libraryWork",
] as const;

export type WorkKind = (typeof kinds)[number];

/** A set of kinds. */
export type WorkSet = number;

export function workSet(...members: readonly WorkKind[]): WorkSet {
  return members.reduce((set, kind) => set | (1 << kinds.indexOf(kind)), 0);
}

/** True when the sets have a kind in common. */
export function hasAnyOf(set: WorkSet, others: WorkSet): boolean {
  return (set & others) !== 0;
}

/** Function name -> kind. Names as of Go 1.19 to 1.27 (Go source: runtime/mgc.go, mgcmark.go, mgcsweep.go, proc.go). */
const byName = new Map<string, WorkSet>();
for (const [kind, names] of [
  [
    "gcMark",
    "gcBgMarkWorker gcBgMarkWorker.func1 gcBgMarkWorker.func2 gcAssistAlloc gcAssistAlloc1 gcStart gcMarkDone gcMarkTermination",
  ],
  ["gcIdleMark", "gcDrainMarkWorkerIdle"],
  ["forcedGc", "GC"],
  ["sweep", "bgsweep sweepone deductSweepCredit"],
  [
    "allocation",
    "mallocgc newobject newarray makeslice makeslice64 makeslicecopy growslice makemap makemap_small makechan " +
      "rawstring rawbyteslice rawruneslice concatstrings slicebytetostring stringtoslicebyte convT convTslice convTstring convT64",
  ],
  ["packageInit", "doInit doInit1"],
  ["tryChannel", "selectnbrecv selectnbsend"],
  ["select", "selectgo"],
  ["yield", "Gosched gosched_m"],
] as const) {
  for (const name of names.split(" ")) byName.set(`runtime.${name}`, workSet(kind));
}
for (const name of ["NewTimer", "After", "NewTicker", "Tick", "AfterFunc", "newTimer"]) {
  byName.set(`time.${name}`, workSet("newTimer"));
}
for (const name of ["WithTimeout", "WithDeadline", "WithTimeoutCause", "WithDeadlineCause"]) {
  byName.set(`context.${name}`, workSet("newTimer"));
}
for (const name of ["compile", "Compile", "CompilePOSIX", "MustCompile", "MustCompilePOSIX"]) {
  byName.set(`regexp.${name}`, workSet("regexpCompile", "libraryWork"));
}

byName.set("net.(*Dialer).DialContext", workSet("dial", "libraryWork"));

type PackageKind = readonly [RegExp, WorkSet];

/** Tried in order. `(?:^|\/)` finds vendored copies too. */
const byPackage: readonly PackageKind[] = [
  [
    /^(?:runtime|internal\/runtime\/[a-z]+|runtime\/internal\/[a-z]+|internal\/(?:race|cpu|bytealg|abi|chacha8rand))\./,
    0,
  ],
  [/^(?:internal\/)?sync\/atomic\./, workSet("atomicRead")],
  [/^(?:sync|internal\/sync|time|context)\./, 0],
  [
    /^encoding\/json[./]|(?:^|\/)(?:json-iterator\/go|bytedance\/sonic|goccy\/go-json|mailru\/easyjson|segmentio\/encoding\/json)[./]/,
    workSet("json", "libraryWork"),
  ],
  [
    /^encoding\/(?!json)[a-z0-9]+\.|(?:^|\/)(?:google\.golang\.org\/protobuf|github\.com\/(?:golang|gogo)\/protobuf|gopkg\.in\/yaml|go\.yaml\.in\/yaml|vmihailenco\/msgpack|ugorji\/go\/codec)[./%]/,
    workSet("otherEncoding", "libraryWork"),
  ],
  [/^fmt\.|^strconv\./, workSet("format", "libraryWork")],
  [/^reflect\.|^internal\/reflectlite\./, workSet("reflection", "libraryWork")],
  [
    /^log(?:\/slog(?:\/internal(?:\/[a-z]+)?)?)?\.|(?:^|\/)(?:go\.uber\.org\/zap|github\.com\/(?:sirupsen\/logrus|rs\/zerolog|go-kit\/log|golang\/glog)|k8s\.io\/klog)[./]/,
    workSet("logging", "libraryWork"),
  ],
];

const packageInitFunction = /\.init(?:\.\d+)?(?:\.func\d+)*$|\.glob\.\.func\d+/;

/** The functions that stand for one of the kinds by their own names, whatever their packages do. */
export function functionsOf(set: WorkSet): ReadonlySet<string> {
  return new Set([...byName].flatMap(([name, named]) => (hasAnyOf(named, set) ? [name] : [])));
}

/**
 * Tells the kinds of work that a function stands for by itself, callers and callees left aside.
 * It remembers packages, so one is made for each profile.
 */
export function workClassifier(): (symbol: string) => WorkSet {
  const ofPackage = new Map<string, WorkSet>();
  return (symbol) => {
    const named = byName.get(symbol);
    if (named !== undefined) return named;
    const path = packagePath(symbol);
    let set = ofPackage.get(path);
    if (set === undefined) {
      set = byPackage.find(([pattern]) => pattern.test(`${path}.`))?.[1] ?? workSet("libraryWork");
      ofPackage.set(path, set);
    }
    const mayInitialise = symbol.includes(".init", path.length) || symbol.includes(".glob..", path.length);
    return mayInitialise && packageInitFunction.test(symbol) ? set | workSet("packageInit") : set;
  };
}
