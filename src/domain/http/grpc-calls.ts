import type { Frame } from "../code/frame.ts";
import { hasStandardName, type OwnCode, ownFrames } from "../code/own-code.ts";
import type { GoroutineGroup } from "../goroutines/goroutine.ts";

/** Where a unary call begins (google.golang.org/grpc, call.go); a vendored copy ends with the same path. */
const unaryCall = /(?:^|\/)google\.golang\.org\/grpc\.(?:\(\*ClientConn\)\.Invoke|Invoke)$/;
/** The client's half of the connection: here a call waits for the answer's header or message. */
const transport = /(?:^|\/)google\.golang\.org\/grpc\/internal\/transport\./;

/**
 * True for a unary gRPC call that has been sent and waits for its answer. Streams are not meant: an open one may be
 * silent for as long as it likes. Nor are calls that wait for a connection (`pickerWrapper`): those are not sent.
 */
export function awaitsGrpcAnswer({ wait, stack }: GoroutineGroup): boolean {
  if (wait !== "select" && wait !== "chan receive" && wait !== "other") return false;
  const innermost = stack.find((frame) => !hasStandardName(frame.function));
  return (
    innermost !== undefined &&
    transport.test(innermost.function) &&
    stack.some((frame) => unaryCall.test(frame.function))
  );
}

/** The own frames that stand outside the call, innermost first; generated stubs only where there is nothing else. */
export function grpcCallerFrames(stack: readonly Frame[], own: OwnCode): Frame[] {
  const at = stack.findLastIndex((frame) => unaryCall.test(frame.function));
  const frames = at === -1 ? [] : ownFrames(stack.slice(at + 1), own);
  const written = frames.filter(({ file }) => !file.endsWith(".pb.go"));
  return written.length > 0 ? written : frames;
}
