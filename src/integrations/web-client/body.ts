import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { errorCode, PortError } from "../../domain/errors.ts";
import { bytesText, durationText } from "../../domain/units.ts";
import type { AnswerLimits } from "../../ports/web-access.ts";
import { silence } from "./silence.ts";

/** A body with its bounds and with our errors; see WebAnswer.body. */
export async function* boundedBody(
  source: Readable,
  {
    encoding,
    target,
    limits,
    deadline,
    signal,
  }: {
    readonly encoding: string;
    readonly target: string;
    readonly limits: AnswerLimits;
    readonly deadline: AbortSignal;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  try {
    for await (const chunk of decoded(source, encoding, target)) {
      const room = limits.maxBytes - received;
      if (chunk.length > room) {
        if (room > 0) yield chunk.subarray(0, room);
        throw new PortError("bad-response", target, `larger than the limit of ${bytesText(limits.maxBytes)}`);
      }
      received += chunk.length;
      yield chunk;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PortError) throw error;
    if (deadline.aborted) {
      throw new PortError(
        "timeout",
        target,
        `not finished within ${durationText(limits.deadlineMs)} (${bytesText(received)} had come)`,
        { cause: error },
      );
    }
    if (errorCode(error) === "Z_DATA_ERROR") {
      const said = `its header says that the answer is gzip, and ${received === 0 ? "it is not" : `behind ${bytesText(received)} it is not`}`;
      throw new PortError("bad-response", target, said, { cause: error });
    }
    throw silence(error, { target, wasOpened: true, received });
  } finally {
    source.destroy();
  }
}

/** Undoes a content encoding that somebody on the way added although none was asked for. */
async function* decoded(source: Readable, encoding: string, target: string): AsyncGenerator<Uint8Array> {
  if (encoding === "" || encoding === "identity") {
    yield* source;
    return;
  }
  if (encoding !== "gzip" && encoding !== "x-gzip") {
    throw new PortError(
      "bad-response",
      target,
      `answered with content encoding ${encoding}, which was not asked for`,
    );
  }
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  yield* source.pipe(gunzip);
}
