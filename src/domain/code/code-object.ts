import type { GoroutineGroup } from "../goroutines/goroutine.ts";
import { memoised, memoisedOfSymbol } from "../memoised.ts";
import { type Frame, packagePath } from "./frame.ts";

/** Name parts that the compiler makes: closures, wrappers of `go` and `defer`, range-over-func bodies, method values. */
const compilerMade = /^(?:func\d+|gowrap\d+|deferwrap\d+|\d+)(?:-range\d+)?$|^init$/;

/**
 * What a function belongs to: its receiver's type, or for a plain function the function itself, closures folded into
 * the function that declares them. `shop/ledger.(*Store).Post.func1` -> `shop/ledger.Store`,
 * `main.serve.func2.1` -> `main.serve`. Two functions of one object are likely to share its locks and channels.
 */
export const codeObject = memoisedOfSymbol((symbol) => {
  const path = packagePath(symbol);
  const written = symbol.slice(path.length + 1);
  const name = written.includes("[") ? written.replace(/\[\.\.\.\]|\[[^\]]*\]/g, "") : written;
  const receiverEnd = name.startsWith("(") ? name.indexOf(")") : -1;
  if (receiverEnd !== -1) return `${path}.${name.slice(name.startsWith("*", 1) ? 2 : 1, receiverEnd)}`;
  const dot = name.indexOf(".");
  return `${path}.${dot === -1 ? name : name.slice(0, dot)}`;
});

/**
 * The function as it stands in the source: closures and wrappers are cut off.
 * `shop/pricing.(*Quoter).Quote.func1` -> `shop/pricing.(*Quoter).Quote`.
 */
export const declaredFunction = memoisedOfSymbol((symbol) => {
  if (!mayBeMade(symbol)) return symbol;
  const path = packagePath(symbol);
  const parts = symbol.slice(path.length).replace(/-fm$/, "").split(".");
  let end = parts.length;
  while (end > 2 && compilerMade.test((parts[end - 1] ?? "").replace(/-range\d+$/, ""))) end--;
  return path + parts.slice(0, end).join(".");
});

/** True for methods and their closures. That of a value is told from a function's closure by its capital letter. */
export function isMethod(symbol: string): boolean {
  return symbol.includes(".(") || valueMethod.test(declaredFunction(symbol));
}

const valueMethod = /\.[A-Za-z_]\w*(?:\[[^\]]*\])?\.[A-Z]\w*$/;

/** What ends in no digit and neither of these is declared as it is named. */
function mayBeMade(symbol: string): boolean {
  const last = symbol.charCodeAt(symbol.length - 1);
  return (last >= 0x30 && last <= 0x39) || symbol.endsWith("init") || symbol.endsWith("-fm");
}

/** The function whose `go` statement started the goroutines: as a dump says, else read from a closure's name. */
export function startedBy(group: GoroutineGroup): string | undefined {
  if (group.createdBy !== undefined) return declaredFunction(group.createdBy.function);
  const entry = entryFrame(group.stack)?.function;
  if (entry === undefined) return undefined;
  const declared = declaredFunction(entry);
  return declared === entry ? undefined : declared;
}

/** The outermost frame that is not the runtime's. */
export function entryFrame(stack: readonly Frame[]): Frame | undefined {
  return stack.findLast(({ function: symbol }) => !symbol.startsWith("runtime."));
}

/** True for the goroutine that runs `main`, which may wait for ever in a healthy process. */
export function isMainGoroutine(group: GoroutineGroup): boolean {
  return entryFrame(group.stack)?.function === "main.main";
}

/** Frames below which a server runs a request's handler. */
const requestServers =
  /^net\/http\.(?:\(\*conn\)\.serve$|\(\*http2serverConn\)\.runHandler$|HandlerFunc\.ServeHTTP$|serverHandler\.ServeHTTP$)|(?:^|\/)golang\.org\/x\/net\/http2\.\(\*serverConn\)\.runHandler$|(?:^|\/)google\.golang\.org\/grpc\.\(\*Server\)\.(?:handleStream|processUnaryRPC|processStreamingRPC)$|(?:^|\/)github\.com\/valyala\/fasthttp\.\(\*(?:Server\)\.serveConn(?:Counted)?|workerPool\)\.workerFunc)$|^net\/rpc\.\(\*service\)\.call$|(?:^|\/)quic-go\/http3\.\(\*\w+\)\.handleRequest(?:Stream)?$/;

/** True when somebody outside waits for this goroutine: it runs the handler of a request. */
export function isRequest({ stack }: Pick<GoroutineGroup, "stack">): boolean {
  return isServed(stack);
}

const isServed = memoised((stack: GoroutineGroup["stack"]) =>
  stack.some(({ function: symbol }) => requestServers.test(symbol)),
);
