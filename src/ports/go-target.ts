import type { AnswerLimits, WebAccess } from "./web-access.ts";

/** Where a process's debug endpoints are at its origin. */
export interface GoTargetPaths {
  /** Path of the pprof index; begins and ends with "/", usually `/debug/pprof/`. */
  readonly pprofPath: string;
  /** Path of the Prometheus scrape at the origin, or a whole URL elsewhere, which is asked without credentials. */
  readonly metrics: string;
  /** Path of expvar at the origin, usually `/debug/vars`. */
  readonly expvarPath: string;
}

/** Where a Go process can be asked. Holds no secrets: it may be printed and saved. */
export interface GoTargetAddress extends GoTargetPaths {
  /** Scheme, host and port, e.g. `http://10.0.0.5:6060`; for a unix socket it only gives the Host header. */
  readonly origin: string;
  /** Absolute path of a unix socket to connect to instead of the origin's host and port. */
  readonly socketPath?: string;
  /** Where they may be instead, when no index is at `pprofPath`. */
  readonly elsewhere?: GoTargetPaths;
  /** Path at the origin where the rates of profiles are lent (lab/profilerates); absent: nowhere, as far as is known. */
  readonly profileRatesPath?: string;
}

/** What proves to the process who asks. */
export type GoTargetAccess = WebAccess;

/**
 * A profile as net/http/pprof serves it: `cpu` is its `/profile`. A forced garbage collection (`gc=1`) cannot be
 * asked for: it can kill a process that is near its memory limit.
 */
export type ProfileQuestion =
  | {
      readonly profile:
        | "goroutine"
        | "goroutineleak"
        | "heap"
        | "allocs"
        | "mutex"
        | "block"
        | "threadcreate"
        | "cmdline";
      /** 0 (default) protobuf, 1 text, 2 goroutine dump. */
      readonly debug?: 0 | 1 | 2;
    }
  /** Whole seconds, at least 1. */
  | { readonly profile: "cpu" | "trace"; readonly seconds: number };

/** What is asked of a process that lends its rates; `take` and `giveBack` are the only questions that change something in it. */
export interface LentRates {
  /** Asks for the rates as they are (parsers/rate-lease.ts); changes nothing. */
  look(limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer>;
  /**
   * Asks for one wait to be recorded for each `blockRateNs` nanoseconds of waiting, for `seconds` (1 to 60), after which the
   * process lowers the rate by itself. 201 with the lease (parsers/rate-lease.ts), 409 while it is lent to somebody else.
   */
  take(
    wish: { readonly blockRateNs: number; readonly seconds: number },
    limits: AnswerLimits,
    signal: AbortSignal,
  ): Promise<GoTargetAnswer>;
  /** Ends the lease of that id: 204, or 404 when it is over already. */
  giveBack(id: string, limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer>;
}

/**
 * What the other side said. Every HTTP status is an answer, redirects included: they are never followed.
 */
export interface GoTargetAnswer {
  readonly status: number;
  /** Lower case, without parameters; "" when there was none. */
  readonly contentType: string;
  /** `X-Go-Pprof: 1`: an error text written by net/http/pprof itself (Go source: net/http/pprof, serveError). */
  readonly fromGoPprof: boolean;
  /** Where a redirect points, without credentials and query. */
  readonly location?: string;
  /** `Server` header: Go's own server sends none. */
  readonly server?: string;
  /** Milliseconds from the question until the answer's header, connecting included. */
  readonly headerMs: number;
  /**
   * The body as it arrives; read it once, at least its beginning, because the next question has to wait for it.
   * Leaving the loop early closes the connection.
   * Throws PortError `timeout` after `deadlineMs`, `bad-response` behind `maxBytes` bytes, `unavailable` when the
   * connection breaks, and the signal's reason when it is aborted. What was yielded before stays valid.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * The debug endpoints of one running Go process. One question at a time.
 *
 * Every method throws PortError `unavailable` (refused, reset, unknown host, TLS), `timeout`, or `bad-response`
 * (not HTTP), worded for the person who asked; and the signal's reason when it is aborted.
 */
export interface GoTarget {
  /** URL of the pprof index without credentials. */
  readonly url: string;
  /** `host:port`, or the socket's path. */
  readonly instance: string;
  /** The process by its address in one spelling, whoever wrote it how: the same for everybody on this machine. */
  readonly name: string;
  /**
   * Connects, where that was not done, and sends nothing: the process by the address that the connection led to, in the
   * spelling of `name`. Undefined where that does not tell a process (a proxy, a load balancer's port) or nothing was
   * reached by then, which the first question will explain. Throws the signal's reason.
   */
  reachedName(deadlineMs: number, signal: AbortSignal): Promise<string | undefined>;
  /** The list of profiles with their counts: the cheapest question there is, it does not stop the world. */
  index(limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer>;
  profile(question: ProfileQuestion, limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer>;
  /** The Prometheus scrape. */
  metrics(limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer>;
  /** `/debug/vars`; contains the command line. */
  expvar(limits: AnswerLimits, signal: AbortSignal): Promise<GoTargetAnswer>;
  /** The same process and connection, with the address's other paths; closed together with this one. */
  readonly elsewhere?: Omit<GoTarget, "elsewhere">;
  /** Absent when the address names no place where rates are lent. */
  readonly rates?: LentRates;
  /** Closes its connections; questions still open fail. */
  close(): Promise<void>;
}

export interface GoTargets {
  /**
   * A target at this address. Nothing is sent before its first question. Throws UsageError when address or access
   * cannot be used as they are (a header that may not be set, a key without certificate).
   */
  open(address: GoTargetAddress, access: GoTargetAccess): GoTarget;
}
