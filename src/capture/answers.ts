import type { CaptureKind } from "../domain/evidence/capture.ts";
import { parseKubernetesStatus } from "../parsers/kubernetes-status.ts";
import type { GoTargetAnswer } from "../ports/go-target.ts";

/** The parts of an answer that explain it. */
export interface Refusal
  extends Pick<GoTargetAnswer, "status" | "fromGoPprof" | "contentType" | "location" | "server"> {
  readonly kind: CaptureKind;
  /** Beginning of the body. */
  readonly text: string;
}

/**
 * What a refusal means for the capture.
 * - `unknown-profile`: net/http/pprof is there, this profile is not.
 * - `not-routed`: nothing at this path.
 * - `no-access`: 401 or 403; asking for anything else will end the same way.
 * - `busy`: a CPU profile or trace of somebody else is running.
 * - `window-too-long`: the server's WriteTimeout is shorter than the window that was asked for.
 * - `elsewhere`: a redirect, or TLS is wanted.
 * - `not-the-target`: something on the way answered.
 * - `refused`: anything else.
 */
export type RefusalMeaning =
  | "unknown-profile"
  | "not-routed"
  | "no-access"
  | "busy"
  | "window-too-long"
  | "elsewhere"
  | "not-the-target"
  | "refused";

export interface Explanation {
  readonly meaning: RefusalMeaning;
  /** Plain words, with what to do where there is something. */
  readonly reason: string;
}

/** Explains every answer but 200. */
export function explainRefusal(refusal: Refusal): Explanation {
  const { status, text } = refusal;
  if (status >= 300 && status < 400) return explainRedirect(refusal);
  if (refusal.fromGoPprof) return explainPprof(refusal);
  // What the API server says of a pod that it leads to (kubernetes.io/docs/tasks/access-application-cluster).
  const kubernetes = parseKubernetesStatus(text);
  if (kubernetes !== undefined) {
    return {
      meaning: status === 401 || status === 403 ? "no-access" : "not-the-target",
      reason: `Kubernetes answered ${status}: ${quoted(kubernetes)}`,
    };
  }
  if (status > 200 && status < 300) {
    return {
      meaning: "refused",
      reason: `${status}${by(refusal)} instead of 200: this is no whole answer of pprof's`,
    };
  }
  switch (status) {
    case 400:
      // Go source: net/http/server.go, conn.serve, tls.RecordHeaderError
      return /HTTP request to an HTTPS server/i.test(text)
        ? { meaning: "elsewhere", reason: "400: this port speaks TLS; ask with https://" }
        : { meaning: "refused", reason: `400${by(refusal)}: ${quoted(text)}` };
    case 401:
      return {
        meaning: "no-access",
        reason: "401: the target wants credentials, or refuses the ones it was given",
      };
    case 403:
      return {
        meaning: "no-access",
        reason: `403: access is forbidden${by(refusal)}; a path rule, an address list or a role is missing`,
      };
    case 404:
      return { meaning: "not-routed", reason: notRouted(refusal) };
    case 405:
      return { meaning: "refused", reason: "405: GET is not allowed here" };
    case 407:
      return { meaning: "not-the-target", reason: "407: the proxy wants credentials of its own" };
    case 429:
      return { meaning: "refused", reason: `429: too many requests${by(refusal)}` };
    case 502:
    case 503:
    case 504:
      return {
        meaning: "not-the-target",
        reason: `${status}${by(refusal)}: a proxy or the platform answered instead of the process, which does not answer it`,
      };
    default:
      return {
        meaning: "refused",
        reason: `${status}${by(refusal)}${text.trim() === "" ? "" : `: ${quoted(text)}`}`,
      };
  }
}

/**
 * The texts of net/http/pprof are those of Go source net/http/pprof/pprof.go; its error answers carry `X-Go-Pprof: 1`
 * (serveError). The WriteTimeout text was there up to Go 1.22; from 1.23 on the handler extends the write deadline
 * instead (configureWriteDeadline).
 */
function explainPprof({ status, kind, text }: Refusal): Explanation {
  const said = quoted(text);
  if (status === 404) {
    return {
      meaning: "unknown-profile",
      reason: `this process has no ${kind} profile (404 Unknown profile)`,
    };
  }
  if (status === 500 && /Could not enable CPU profiling/i.test(text)) {
    return {
      meaning: "busy",
      reason:
        "another CPU profile is running in this process, and Go allows one at a time " +
        "(a continuous profiler, or somebody else's capture); try again, or use its data",
    };
  }
  if (status === 500 && /Could not enable tracing/i.test(text)) {
    return { meaning: "busy", reason: `another execution trace is running in this process (${said})` };
  }
  if (status === 400 && /exceeds server's WriteTimeout/i.test(text)) {
    return { meaning: "window-too-long", reason: "the server's WriteTimeout is shorter than the profile" };
  }
  return { meaning: "refused", reason: `pprof answered ${status}: ${said}` };
}

/** Routers that register the index without the slash at its end send those away who ask with it. */
export function leadsToItself(
  { status, location }: Pick<Refusal, "status" | "location">,
  url: string,
): boolean {
  return status >= 300 && status < 400 && location !== undefined && `${location}/` === url;
}

function explainRedirect({ status, location }: Refusal): Explanation {
  if (location === undefined) return { meaning: "elsewhere", reason: `${status} without saying where to` };
  return {
    meaning: "elsewhere",
    reason: `${status}: redirects to ${location}; not followed, so that credentials stay where they were meant for. Ask that URL if it is right`,
  };
}

function notRouted(refusal: Refusal): string {
  switch (refusal.kind) {
    case "index":
      return (
        "404: no pprof at this path: it is not on this mux or port. net/http/pprof registers on " +
        "http.DefaultServeMux only; any other mux or router needs its handlers added"
      );
    case "metrics":
      return "404: no metrics at this path; they may be on another port or path";
    case "expvar":
      return "404: no expvar at this path";
    default:
      return `404${by(refusal)}: no handler for it at this path`;
  }
}

/** Go's own server sends no Server header, so one names what stands in front. */
function by({ server }: Refusal): string {
  return server === undefined ? "" : ` from ${server}`;
}

/** First line of an answer's text, fit to be shown. */
export function quoted(text: string): string {
  if (notText.test(text.slice(0, 64))) return "bytes that are no text";
  const line = text.trim().split(/[\r\n]/, 1)[0] ?? "";
  // oxlint-disable-next-line no-control-regex -- an answer must not move the reader's cursor
  const clean = line.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  return clean.length > 160 ? `${clean.slice(0, 159)}…` : clean;
}

/** NUL and others that no text has, in any encoding. */
// oxlint-disable-next-line no-control-regex -- what is no text is told by these
const notText = /[\u0000-\u0006\u000e-\u001a]/;

/** Magic number of gzip (RFC 1952, section 2.3.1). */
const gzipMagic: readonly number[] = [0x1f, 0x8b];

/**
 * Why a 200 is not the capture that was asked for, judged by its first bytes; undefined when it may be.
 * Proxies and login pages like to answer 200 with HTML.
 */
export function unlikeCapture(kind: CaptureKind, contentType: string, start: Uint8Array): string | undefined {
  if (start.length === 0) return kind === "cmdline" ? undefined : "200 with an empty body";
  const text = new TextDecoder("latin1").decode(start.subarray(0, 64)).trimStart().toLowerCase();
  // What some frameworks call HTML is a profile all the same: the bytes decide.
  const html =
    /^<(?:!doctype|html|head|body)/.test(text) || (contentType === "text/html" && text.startsWith("<"));
  if (html && kind !== "index") {
    return "an HTML page instead of the capture: a proxy or login page answered, or the path is wrong";
  }
  // No profile begins so: its first byte would be a field that there is not, of a kind that there is not.
  if ((isProtobuf(kind) || kind === "metrics") && /^[{[]/.test(text)) {
    return `JSON instead of the capture (${quoted(text)})`;
  }
  // A handler for all paths answers this one, too.
  if (kind === "metrics" && !isGzip(start) && !beginsAsMetrics.test(text)) {
    return `no metrics but other text (${quoted(text)}); they may be on another port or path`;
  }
  if (isProtobuf(kind) && contentType.startsWith("text/") && !isGzip(start)) {
    return `text instead of a protobuf profile (${quoted(text)})`;
  }
  if (kind === "goroutine-counts" && !text.startsWith("goroutine profile:")) {
    return `not a goroutine profile (${quoted(text)})`;
  }
  if (kind === "goroutine-dump" && !text.startsWith("goroutine "))
    return `not a goroutine dump (${quoted(text)})`;
  if (kind === "heap-text" && !text.startsWith("heap profile:"))
    return `not a heap profile (${quoted(text)})`;
  return undefined;
}

/** A comment, a sample, or the beginning of a long name. */
const beginsAsMetrics = /^(?:#|[a-z_:][\w:.]*(?:\{|[ \t]+[-+.\dni])|[a-z_:][\w:.]{40})/;

function isGzip(start: Uint8Array): boolean {
  return gzipMagic.every((byte, index) => start[index] === byte);
}

function isProtobuf(kind: CaptureKind): boolean {
  switch (kind) {
    case "goroutine":
    case "goroutineleak":
    case "mutex":
    case "block":
    case "heap":
    case "allocs":
    case "threadcreate":
    case "cpu":
      return true;
    default:
      return false;
  }
}
