/** One call of a traceback as text. */
export interface CallText {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** What stands between the parentheses; "..." for an inlined call. */
  readonly args: string;
}

/** One goroutine of a traceback without its header line. */
export interface GoroutineText {
  /** Innermost first. */
  readonly calls: readonly CallText[];
  /** As in `GoroutineGroup.elidedFrames`. */
  readonly elidedFrames: number;
  readonly createdBy?: CallText;
  readonly parentId?: number;
  /** The text ended where a traceback cannot end: calls may be missing. */
  readonly cut: boolean;
  /** Index of the first line that is broken in itself (0 is the line behind the header). */
  readonly brokenLine?: number;
}

/**
 * How the text of a goroutine ends: something else follows (`closed`), the input ends and its last line may lack
 * something (`open`), or the capture is known to have been cut there (`cut`).
 */
export type TextEnd = "closed" | "open" | "cut";

/** Text behind the last colon of a path: line, offset in the function, registers, or the pc of a C frame. */
const location = /^\t(.+):(\d+)(?: \+0x[0-9a-f]+)?( fp=0x[0-9a-f]+ sp=0x[0-9a-f]+)?( pc=0x[0-9a-f]+)?\r?$/;
/** The beginning of a call, creator, place, or header; no name has the mark that ends a quotation. */
const unfinishedCall = /^(?:\t|created by |goroutine \d|[^\s(`]+(?:\(|$))/;
const elided = /^\.\.\.(?:(\d+)|additional) frames elided\.\.\.\r?$/;
const creatorId = / in goroutine (\d+)$/;
const createdWords = "created by ";
const foreignWords = "non-Go function at pc=";

/** The file and line that a line of a traceback names, without its line feed. */
export function readPlace(line: string): { file: string; line: number } | undefined {
  const place = location.exec(line);
  return place === null ? undefined : { file: place[1] ?? "", line: Number(place[2]) };
}

/**
 * Reads the lines behind a goroutine's header (Go source: runtime/traceback.go traceback1, traceback2,
 * printcreatedby1, printAncestorTraceback). Lines of other writers in between are passed over. Stacks of ancestors
 * (GODEBUG=tracebackancestors) are not part of the goroutine's own stack.
 *
 * @param maxDepth calls beyond it are counted as elided
 */
export function readGoroutineText(text: string, maxDepth: number, end: TextEnd): GoroutineText {
  const calls: CallText[] = [];
  let elidedFrames = 0;
  let createdBy: CallText | undefined;
  let parentId: number | undefined;
  let brokenLine: number | undefined;
  let call: string | undefined;
  let callLine = 0;
  let foreignCall: string | undefined;

  function add(found: CallText): void {
    if (calls.length < maxDepth) calls.push(found);
    else if (elidedFrames >= 0) elidedFrames++;
  }

  const lines = text.split("\n");
  const unfinished = end === "closed" ? "" : (lines.pop() ?? "");
  const lastLineWhole = end === "open" && location.test(unfinished);
  if (lastLineWhole) lines.push(unfinished);
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("\t")) {
      const place = location.exec(line);
      if (place === null) continue;
      const at = { file: place[1] ?? "", line: Number(place[2]) };
      if (call === undefined) {
        if (foreignCall !== undefined && place[4] !== undefined)
          add({ function: foreignCall, ...at, args: "" });
      } else if (call.startsWith(createdWords)) {
        const creator = call.slice(createdWords.length);
        const id = creatorId.exec(creator);
        if (id !== null) parentId = Number(id[1]);
        createdBy = { function: id === null ? creator : creator.slice(0, id.index), ...at, args: "" };
      } else {
        add({ ...splitCall(call), ...at });
      }
      call = undefined;
      foreignCall = undefined;
      continue;
    }
    const words = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (isGoCall(words)) {
      if (call !== undefined && isGoCall(call)) brokenLine ??= callLine;
      call = words;
      callLine = index;
    } else if (words.startsWith("...")) {
      const count = elided.exec(words);
      if (count !== null) elidedFrames = count[1] === undefined ? -1 : elidedFrames + Number(count[1]);
    } else if (words.startsWith(foreignWords)) {
      add({ function: foreignFunction, file: "", line: 0, args: "" });
    } else if (words.startsWith("[originating from goroutine ")) {
      break;
    } else if (words.endsWith(")")) {
      call ??= words;
    } else {
      foreignCall = words;
    }
  }
  const callOpen = call !== undefined && isGoCall(call);
  const lineOpen = !lastLineWhole && unfinishedCall.test(unfinished);
  const cut = end !== "closed" && (callOpen || lineOpen || (end === "cut" && createdBy === undefined));
  if (callOpen && !cut) brokenLine ??= callLine;
  return {
    calls,
    elidedFrames: cut ? -1 : elidedFrames,
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(parentId === undefined ? {} : { parentId }),
    cut,
    ...(brokenLine === undefined ? {} : { brokenLine }),
  };
}

/** A call of Go code, or the creator. Other lines that end in a parenthesis may be calls, or another writer's. */
function isGoCall(line: string): boolean {
  if (line.startsWith(createdWords)) return line.length > createdWords.length;
  if (!line.endsWith(")")) return false;
  const open = line.indexOf("(");
  const blank = line.search(/\s/);
  return open > 0 && (blank === -1 || blank > open);
}

/** How a frame of C code without symbols is called in a stack. */
export const foreignFunction = "non-Go function";

/** `pkg.(*T).F(0x1, 0x2)`: arguments never hold a parenthesis, names may. */
function splitCall(call: string): { function: string; args: string } {
  const open = call.lastIndexOf("(");
  if (open === -1) return { function: call, args: "" };
  return { function: call.slice(0, open), args: call.slice(open + 1, -1) };
}
