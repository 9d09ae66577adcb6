import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { UsageError } from "../../domain/errors.ts";
import type { Answer } from "./listener.ts";

export interface OperatorAccess {
  readonly user: string;
  /** Also taken as a bearer token, for programs. */
  readonly password: string;
  /** Without it only GET and HEAD come through. */
  readonly mayChange: boolean;
}

const shortestPassword = 16;

/**
 * Lets operators through to `answer` and nobody else: 401 without the right `Authorization`, 405 for changes that are
 * not allowed, 403 for changes that another site's page asks the operator's browser for. Throws UsageError for a
 * password that could be guessed.
 */
export function forOperators({ user, password, mayChange }: OperatorAccess, answer: Answer): Answer {
  if (password.length < shortestPassword) {
    throw new UsageError(
      `The password of the queue's page needs ${shortestPassword} characters at least. openssl rand -base64 24 makes one.`,
    );
  }
  const basic = digestOf(`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`);
  const bearer = digestOf(`Bearer ${password}`);

  function isOperator(authorization: string): boolean {
    const given = digestOf(authorization);
    // Both, always: how long it takes tells nothing. Digests have one length.
    const [isBasic, isBearer] = [timingSafeEqual(given, basic), timingSafeEqual(given, bearer)];
    return isBasic || isBearer;
  }

  return (request, response) => {
    protect(response);
    if (!isOperator(request.headers.authorization ?? "")) {
      response.setHeader("www-authenticate", 'Basic realm="gofire queue", charset="UTF-8"');
      return refuse(request, response, 401, "Operators only.");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      if (!mayChange)
        return refuse(request, response, 405, "This page only shows. queueBoard.mayChange is false.");
      if (!isOwnPage(request))
        return refuse(request, response, 403, "Another site's page may not ask for this.");
    }
    return answer(request, response);
  };
}

/** The page's own scripts and nothing from elsewhere; nothing is kept by proxies; no other page may frame it. */
function protect(response: ServerResponse): void {
  response.setHeader(
    "content-security-policy",
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  );
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cache-control", "no-store");
}

/** A browser sends the password along with other sites' requests, too, and says whose they are. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  const { origin, host } = headers;
  if (origin === undefined) return true; // no browser
  return host !== undefined && /^https?:\/\//.test(origin) && origin.replace(/^https?:\/\//, "") === host;
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, why: string): void {
  request.resume();
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
