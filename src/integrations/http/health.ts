import { reasonOf } from "../../domain/errors.ts";
import type { Answer } from "./listener.ts";

const answerWithinMs = 2_000;

/**
 * Answers `GET /healthz`: 200 with what `look` found, 503 when it throws or takes over 2 s. Nothing in it is secret.
 */
export function healthAnswer(look: (signal: AbortSignal) => Promise<object>): Answer {
  async function found(): Promise<{ status: number; content: object }> {
    try {
      return { status: 200, content: { ok: true, ...(await look(AbortSignal.timeout(answerWithinMs))) } };
    } catch (error) {
      return {
        status: 503,
        content: { ok: false, problem: reasonOf(error) },
      };
    }
  }

  return async (request, response) => {
    request.resume();
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const { status, content } = await found();
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(`${JSON.stringify(content)}\n`);
  };
}
