import { entryFrame } from "../code/code-object.ts";
import type { Frame } from "../code/frame.ts";
import { type OwnCode, ownFrames } from "../code/own-code.ts";
import type { GoroutineGroup, GoroutineSnapshot } from "../goroutines/goroutine.ts";

/** The goroutine that accepts connections for one server, as far as it shows own code. */
export interface Listener {
  /** Own frames of the accept goroutine, innermost first, or the own function that started it; never empty. */
  readonly where: readonly Frame[];
  readonly isTls: boolean;
  /** True when a dump says that it started the connections in question. */
  readonly isKnownParent: boolean;
}

const acceptLoop = /^net\/http\.\(\*Server\)\.Serve$|^crypto\/tls\.\(\*listener\)\.Accept$/;
const tlsLoop =
  /^net\/http\.(?:\(\*Server\)\.(?:ListenAnd)?ServeTLS|ServeTLS|ListenAndServeTLS)$|^crypto\/tls\.\(\*listener\)\.Accept$/;
/** Operators' listeners are seldom the ones that customers reach. */
const operatorName = /debug|pprof|metric|admin|health|internalServer|telemetry/i;

/**
 * The own code that accepts what became `connections`, best guess first: connection goroutines have no own frame, and
 * only a dump of Go 1.21 or later names their parent. Without one every listener is returned, those that look like
 * operators' ones last.
 */
export function listenersOf(
  connections: readonly GoroutineGroup[],
  snapshot: GoroutineSnapshot,
  own: OwnCode,
): Listener[] {
  const parents = new Set(connections.flatMap(({ exemplars }) => exemplars.map(({ parentId }) => parentId)));
  return snapshot.groups
    .filter((group) => group.stack.some((frame) => acceptLoop.test(frame.function)))
    .flatMap((group) => {
      const where = ownFramesOrCreator(group, own);
      if (where.length === 0) return [];
      return [
        {
          where,
          isTls: group.stack.some((frame) => tlsLoop.test(frame.function)),
          isKnownParent: group.exemplars.some(({ id }) => parents.has(id)),
        },
      ];
    })
    .sort(
      (a, b) =>
        Number(b.isKnownParent) - Number(a.isKnownParent) ||
        Number(looksOperator(a)) - Number(looksOperator(b)),
    );
}

function ownFramesOrCreator({ stack, createdBy }: GoroutineGroup, own: OwnCode): readonly Frame[] {
  const frames = ownFrames(stack, own);
  if (frames.length > 0) return frames;
  return createdBy !== undefined && own.isOwn(createdBy) ? [createdBy] : [];
}

function looksOperator({ where }: Listener): boolean {
  return where.some((frame) => operatorName.test(frame.function));
}

/** The frames to show for connections without own frames: those of their most likely listener. */
export function listenerWhere(
  listeners: readonly Listener[],
  connection: GoroutineGroup | undefined,
): readonly Frame[] {
  const [first] = listeners;
  if (first !== undefined) return first.where;
  const serve = connection === undefined ? undefined : entryFrame(connection.stack);
  return serve === undefined ? [] : [serve];
}

/** How it is known which own code accepted the connections, as a sentence. */
export function listenerText(listeners: readonly Listener[]): string {
  const [first, ...others] = listeners;
  const name = first?.where[0]?.function;
  if (first === undefined || name === undefined)
    return "Their stacks have no own frame, and no capture shows who accepts them.";
  if (first.isKnownParent) return `Their stacks have no own frame; ${name} accepted them.`;
  return others.length === 0
    ? `Their stacks have no own frame; ${name} runs the only server.`
    : `Their stacks have no own frame; which of ${listeners.length} servers accepted them is not known, ${name} runs one.`;
}
