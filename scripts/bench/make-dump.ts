/**
 * Makes the text of a `goroutine?debug=2` dump of any size, as the same bytes for the same options.
 *
 *   npx tsx scripts/bench/make-dump.ts OUT --goroutines 100000 [--bytes-each 2670] [--stacks 300] [--seed 1]
 *
 * The text has the shape of a large service's dump: a few hundred distinct stacks, 6 to 14 frames deep and more when
 * `--bytes-each` asks for it, module paths of full length, arguments that differ from goroutine to goroutine, ages in
 * waves, waiters for mutexes, creators with ids. Most goroutines stand at few places, as in a leak.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type Random, seeded } from "./random.ts";

export interface DumpOptions {
  readonly goroutines: number;
  /** Average size of a goroutine's text in bytes. 2670 is that of a service with full module paths. */
  readonly bytesEach?: number;
  readonly stacks?: number;
  readonly seed?: number;
}

/** A goroutine's text without what differs from one to the next: `holes[i]` stands before `pieces[i + 1]`. */
interface StackText {
  readonly state: string;
  readonly aged: boolean;
  readonly pieces: readonly string[];
  readonly holes: readonly Hole[];
}

type Hole = "pointer" | "mutex" | "length" | "stale" | "parent";

const modules = [
  "github.com/northwind-commerce/storefront-backend/v2",
  "github.com/northwind-commerce/platform-libraries/observability",
  "gitlab.northwind.internal/payments/settlement-engine",
  "github.com/northwind-commerce/inventory-replication",
] as const;
const folders = [
  "internal/checkout",
  "internal/ledger",
  "pkg/transport",
  "internal/catalog/search",
  "pkg/queue",
];
const types = [
  "Reconciler",
  "SessionStore",
  "OrderDispatcher",
  "PriceResolver",
  "ReplicaFollower",
  "BatchWriter",
];
const methods = [
  "ProcessWindow",
  "awaitAcknowledgement",
  "FetchAndDecode",
  "flushPending",
  "Subscribe",
  "run",
];
const library: readonly [string, string][] = [
  [
    "google.golang.org/grpc/internal/transport.(*recvBufferReader).readClient",
    "grpc@v1.64.1/internal/transport/transport.go",
  ],
  ["google.golang.org/grpc.(*clientStream).withRetry", "grpc@v1.64.1/stream.go"],
  ["github.com/segmentio/kafka-go.(*reader).run", "kafka-go@v0.4.47/reader.go"],
  ["github.com/jackc/pgx/v5/pgxpool.(*Pool).Acquire", "pgx/v5@v5.6.0/pgxpool/pool.go"],
  [
    "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).waitTurn",
    "go-redis/v9@v9.5.3/internal/pool/pool.go",
  ],
];
const goroot = "/usr/local/go/src/";
const moduleCache = "/home/builder/go/pkg/mod/";

interface Leaf {
  readonly state: string;
  readonly calls: readonly (readonly [call: string, place: string])[];
}

/** What stands innermost, as Go 1.23 prints it. `P` is an address, `M` a mutex, `N` a length, `S` a stale word. */
const leaves: readonly Leaf[] = [
  { state: "chan receive", calls: [] },
  { state: "chan send", calls: [] },
  { state: "select", calls: [] },
  {
    state: "IO wait",
    calls: [
      ["internal/poll.runtime_pollWait(P, 0x72)", `${goroot}runtime/netpoll.go:345 +0x85`],
      ["internal/poll.(*pollDesc).wait(P, P, 0x0)", `${goroot}internal/poll/fd_poll_runtime.go:84 +0x27`],
      ["internal/poll.(*pollDesc).waitRead(...)", `${goroot}internal/poll/fd_poll_runtime.go:89`],
      ["internal/poll.(*FD).Read(P, {P, N, N})", `${goroot}internal/poll/fd_unix.go:164 +0x27a`],
      ["net.(*conn).Read(P, {P, N, N})", `${goroot}net/net.go:179 +0x45`],
    ],
  },
  {
    state: "sync.Mutex.Lock",
    calls: [
      ["sync.runtime_SemacquireMutex(S, S, S)", `${goroot}runtime/sema.go:95 +0x25`],
      ["sync.(*Mutex).lockSlow(M)", `${goroot}sync/mutex.go:173 +0x15d`],
      ["sync.(*Mutex).Lock(...)", `${goroot}sync/mutex.go:92`],
    ],
  },
  {
    state: "semacquire",
    calls: [
      ["sync.runtime_Semacquire(S)", `${goroot}runtime/sema.go:71 +0x25`],
      ["sync.(*WaitGroup).Wait(S)", `${goroot}sync/waitgroup.go:118 +0x48`],
    ],
  },
  { state: "sleep", calls: [["time.Sleep(N)", `${goroot}runtime/time.go:300 +0xf2`]] },
  { state: "runnable", calls: [] },
];

/** Streams the dump as strings of about a megabyte. */
export function* dumpText(options: DumpOptions): Generator<string> {
  const { goroutines, bytesEach = 2670, stacks = 300, seed = 1 } = options;
  const random = seeded(seed);
  const texts = Array.from({ length: stacks }, (_, index) => stackText(random, index, bytesEach));
  const mutexes = Array.from({ length: 40 }, () => hex(0xc000000000 + Math.floor(random() * 2 ** 30) * 8));
  let parts: string[] = [];
  let length = 0;
  for (let i = 0; i < goroutines; i++) {
    // Squared twice: a third of all goroutines stand at the first few places.
    const stack = texts[Math.floor(random() ** 4 * stacks)];
    if (stack === undefined) break;
    const text = goroutineText(stack, i, goroutines, mutexes, random);
    parts.push(i === 0 ? text.slice(1) : text);
    length += text.length;
    if (length > 2 ** 20) {
      yield parts.join("");
      parts = [];
      length = 0;
    }
  }
  yield parts.join("");
}

/** Writes the dump to a file and returns its size in bytes. */
export function writeDump(path: string, options: DumpOptions): number {
  const file = openSync(path, "w");
  let bytes = 0;
  try {
    for (const text of dumpText(options)) bytes += writeSync(file, text, null, "latin1");
  } finally {
    closeSync(file);
  }
  return bytes;
}

function goroutineText(
  stack: StackText,
  index: number,
  goroutines: number,
  mutexes: readonly string[],
  random: Random,
): string {
  // The oldest stand first, as the runtime lists them; the last fifth is younger than a minute.
  const minutes = Math.floor(((goroutines * 0.8 - index) / goroutines) * 60);
  const age = stack.aged && minutes > 0 ? `, ${minutes} minutes` : "";
  let text = `\ngoroutine ${index + 1} [${stack.state}${age}]:\n${stack.pieces[0]}`;
  for (let i = 0; i < stack.holes.length; i++) {
    text += fill(stack.holes[i], mutexes, random) + stack.pieces[i + 1];
  }
  return text;
}

function fill(hole: Hole | undefined, mutexes: readonly string[], random: Random): string {
  switch (hole) {
    case "pointer":
      return hex(0xc000000000 + Math.floor(random() * 2 ** 29) * 8);
    case "mutex":
      return mutexes[Math.floor(random() * mutexes.length)] ?? "";
    case "length":
      return hex(Math.floor(random() * 0x1000));
    case "stale":
      return `${hex(Math.floor(random() * 0x10000))}?`;
    case "parent":
      return String(1 + Math.floor(random() * 5000));
    default:
      return "";
  }
}

function stackText(random: Random, index: number, bytesEach: number): StackText {
  const leaf = leaves[index % leaves.length] ?? { state: "select", calls: [] };
  const calls: (readonly [string, string])[] = [...leaf.calls];
  let bytes = calls.reduce((sum, [call, place]) => sum + call.length + place.length + 20, 80);
  const goal = bytesEach * (0.6 + 0.8 * random());
  while (bytes < goal - 260) {
    const call = anyCall(random);
    calls.push(call);
    bytes += call[0].replaceAll(/[PMNS]\b/g, "0xc000a1b2c0").length + call[1].length + 3;
  }
  const [creator, place] = ownCall(random);
  const lines = calls.map(([call, place]) => `${call}\n\t${place}\n`);
  lines.push(`created by ${creator.slice(0, creator.lastIndexOf("("))} in goroutine G\n\t${place}\n`);
  const text = lines.join("");
  const holes: Hole[] = [];
  const pieces = text.split(/(?<=[({ ])([PMNSG])(?=[)},\n])/);
  const kinds: Readonly<Record<string, Hole>> = {
    P: "pointer",
    M: "mutex",
    N: "length",
    S: "stale",
    G: "parent",
  };
  for (let i = 1; i < pieces.length; i += 2) holes.push(kinds[pieces[i] ?? ""] ?? "pointer");
  return {
    state: leaf.state,
    aged: leaf.state !== "runnable",
    pieces: pieces.filter((_, i) => i % 2 === 0),
    holes,
  };
}

function anyCall(random: Random): readonly [string, string] {
  if (random() < 0.75) return ownCall(random);
  const [symbol, file] = pick(library, random);
  const path = symbol.split("/").slice(0, -1).join("/") || "google.golang.org";
  return [`${symbol}(P, {P, P}, S)`, `${moduleCache}${path}/${file}:${lineOf(random)} +${offsetOf(random)}`];
}

function ownCall(random: Random): readonly [string, string] {
  const module = pick(modules, random);
  const folder = pick(folders, random);
  const type = pick(types, random);
  const closure = random() < 0.25 ? `.func${1 + Math.floor(random() * 4)}` : "";
  const inlined = random() < 0.12;
  const generic = random() < 0.1 ? "[...]" : "";
  const symbol = `${module}/${folder}.(*${type}${generic}).${pick(methods, random)}${closure}`;
  const args = inlined
    ? "..."
    : pick(["P, {P, P}, {P, N, N}", "P, {P, P}", "P", "P, {P, P}, {P, N}, S, N"], random);
  const file = `/home/builder/workspace/${module}/${folder}/${type.toLowerCase()}.go`;
  return [`${symbol}(${args})`, `${file}:${lineOf(random)}${inlined ? "" : ` +${offsetOf(random)}`}`];
}

function lineOf(random: Random): number {
  return 20 + Math.floor(random() * 900);
}

function offsetOf(random: Random): string {
  return hex(0x10 + Math.floor(random() * 0x800));
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function pick<T>(list: readonly T[], random: Random): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new Error("nothing to pick from");
  return chosen;
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      goroutines: { type: "string", default: "100000" },
      "bytes-each": { type: "string", default: "2670" },
      stacks: { type: "string", default: "300" },
      seed: { type: "string", default: "1" },
    },
  });
  const [path] = positionals;
  if (path === undefined) {
    process.stderr.write("usage: make-dump.ts OUT --goroutines N\n");
    process.exitCode = 2;
    return;
  }
  const bytes = writeDump(path, {
    goroutines: Number(values.goroutines),
    bytesEach: Number(values["bytes-each"]),
    stacks: Number(values.stacks),
    seed: Number(values.seed),
  });
  process.stdout.write(`${path}: ${values.goroutines} goroutines, ${bytes} bytes\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
