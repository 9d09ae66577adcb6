import type { X509Certificate } from "node:crypto";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { Duplex } from "node:stream";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { reasonOf } from "../../domain/errors.ts";
import type { TlsHandshake, TlsOutcome, TlsQuestion } from "../../domain/tls/probe.ts";
import { networkErrors } from "../web-client/silence.ts";
import type { ProbeLimits } from "./limits.ts";
import { chainOf, type Trust } from "./trust.ts";

/** What every handshake of one look has in common. */
export interface Asking {
  readonly port: number;
  readonly serverName: string;
  /** What node:tls takes for authorities and our own certificate. */
  readonly options: ConnectionOptions;
  readonly trust: Trust;
  readonly limits: ProbeLimits;
}

const both = ["h2", "http/1.1"];

/** What each question changes. */
const questionOptions: Readonly<Record<TlsQuestion, ConnectionOptions>> = {
  usual: { ALPNProtocols: both },
  "no-name": { ALPNProtocols: both },
  h2: { ALPNProtocols: ["h2"] },
  "http/1.1": { ALPNProtocols: ["http/1.1"] },
  "no-alpn": {},
  "tls1.2": { ALPNProtocols: both, maxVersion: "TLSv1.2" },
  old: { ALPNProtocols: both, maxVersion: "TLSv1.1" },
};

/** One connection, one handshake; it is closed right after. Throws the signal's reason. */
export async function handshake(
  question: TlsQuestion,
  address: string,
  asking: Asking,
  signal: AbortSignal,
): Promise<TlsHandshake> {
  const startedMs = performance.now();
  const socket = connectTcp({ host: address, port: asking.port });
  try {
    const trouble = await opened(socket, asking.limits, signal);
    if (trouble !== undefined) return { question, address, outcome: trouble };
    const connectedMs = performance.now();
    const outcome = await shaken(question, socket, asking, signal);
    return {
      question,
      address,
      connectMs: connectedMs - startedMs,
      handshakeMs: outcome.endedMs - connectedMs,
      outcome: outcome.outcome,
    };
  } finally {
    socket.destroy();
  }
}

/** Undefined once the connection stands. */
async function opened(
  socket: Socket,
  { connectMs }: ProbeLimits,
  signal: AbortSignal,
): Promise<TlsOutcome | undefined> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const why = networkErrors["ETIMEDOUT"] ?? "";
      end(() => resolve({ kind: "unreachable", why, isOurs: false }));
    }, connectMs);
    const aborted = () => end(() => reject(signal.reason));
    function end(settle: () => void) {
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      settle();
    }
    signal.addEventListener("abort", aborted);
    socket.once("connect", () => end(() => resolve(undefined)));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const { code = "" } = error;
      const isOurs = ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EACCES", "EPERM"].includes(code);
      const why = networkErrors[code] ?? reasonOf(error);
      end(() => resolve({ kind: "unreachable", why, isOurs }));
    });
  });
}

async function shaken(
  question: TlsQuestion,
  socket: Socket,
  asking: Asking,
  signal: AbortSignal,
): Promise<{ readonly outcome: TlsOutcome; readonly endedMs: number }> {
  const { serverName, options } = asking;
  const wire = tapped(socket);
  const sendsName = question !== "no-name" && isIP(serverName) === 0;
  const tls = connectTls({
    ...options,
    ...questionOptions[question],
    socket: wire.stream,
    // Explicitly none: Node would take the host's.
    servername: sendsName ? serverName : "",
    // The judge says what a client would, and why.
    rejectUnauthorized: false,
    minVersion: "TLSv1",
    // Old versions and weak keys are to be seen, not refused here (OpenSSL: SSL_CTX_set_security_level).
    ciphers: "DEFAULT@SECLEVEL=0",
  });
  tls.on("error", () => {}); // Heard below; one may come after the end.
  try {
    return await settled(tls, wire, question, asking, signal);
  } finally {
    tls.destroy();
  }
}

async function settled(
  tls: TLSSocket,
  wire: Tap,
  question: TlsQuestion,
  { trust, limits }: Asking,
  signal: AbortSignal,
): Promise<{ readonly outcome: TlsOutcome; readonly endedMs: number }> {
  return await new Promise((resolve, reject) => {
    let isEnded = false;
    let done: { readonly outcome: TlsOutcome & { kind: "done" }; readonly endedMs: number } | undefined;
    let timer = setTimeout(() => {
      const isSilent = wire.firstBytes().length === 0;
      end(
        isSilent
          ? { kind: "silent", afterMs: limits.handshakeMs }
          : { kind: "failed", why: "it began to answer and did not come to an end" },
      );
    }, limits.handshakeMs);
    const aborted = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", aborted);

    function end(outcome: TlsOutcome, endedMs = performance.now()) {
      if (isEnded) return;
      isEnded = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", aborted);
      resolve({ outcome, endedMs });
    }
    function endDone(alertAfterwards?: number) {
      if (done === undefined) return;
      const { outcome, endedMs } = done;
      end(alertAfterwards === undefined ? outcome : { ...outcome, alertAfterwards }, endedMs);
    }

    tls.once("secureConnect", () => {
      const endedMs = performance.now();
      const { alpnProtocol: alpn } = tls;
      done = {
        endedMs,
        outcome: {
          kind: "done",
          protocol: tls.getProtocol() ?? "unknown",
          cipher: tls.getCipher().standardName,
          ...(typeof alpn === "string" && alpn !== "" ? { alpn } : {}),
          chain: chainOf(sentBy(tls), trust),
        },
      };
      // Until TLS 1.2 the server has judged our certificate by now.
      if (question !== "usual" || done.outcome.protocol !== "TLSv1.3") return endDone();
      clearTimeout(timer);
      timer = setTimeout(endDone, limits.afterwardsMs);
      tls.resume();
    });
    // A ticket is sent after our certificate was taken (RFC 8446 §4.6.1), or the lack of one.
    tls.on("session", () => {
      if (done !== undefined) endDone();
    });
    tls.once("end", () => {
      if (done !== undefined) setImmediate(endDone); // An alert comes as an error, right after.
    });
    tls.once("error", (error: NodeJS.ErrnoException) => {
      if (done !== undefined) endDone(alertIn(error));
      else end(troubleOf(error, wire));
    });
    tls.once("close", () => {
      if (done !== undefined) endDone();
      else end({ kind: "closed", how: "end" });
    });
  });
}

/** Before the end of a handshake. */
function troubleOf(error: NodeJS.ErrnoException, wire: Tap): TlsOutcome {
  const alert = alertIn(error);
  if (alert !== undefined) return { kind: "alert", alert };
  const firstBytes = wire.firstBytes();
  if (firstBytes.length > 0 && !isRecord(firstBytes)) {
    return { kind: "not-tls", firstBytes: firstBytes.toString("latin1") };
  }
  if (error.code === "ECONNRESET" || error.code === "EPIPE") {
    return { kind: "closed", how: wire.wasReset() ? "reset" : "end" };
  }
  return { kind: "failed", why: opensslWords(error) };
}

function alertIn(error: Error): number | undefined {
  const number = /SSL alert number (\d+)/.exec(error.message)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** `806C62:error:0A000410:SSL routines:ssl3_read_bytes:unsupported protocol:../deps/…:1601:` -> `unsupported protocol` */
function opensslWords(error: Error): string {
  return /:SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1] ?? reasonOf(error).trim();
}

/** An alert or a handshake of TLS 1.x (RFC 8446 §5.1). */
function isRecord(bytes: Buffer): boolean {
  return (bytes[0] === 0x15 || bytes[0] === 0x16) && (bytes[1] === undefined || bytes[1] === 3);
}

/** In the order in which they were sent, as `issuerCertificate` has them of a certificate that comes from a handshake. */
function sentBy(tls: TLSSocket): readonly X509Certificate[] {
  const sent: X509Certificate[] = [];
  let certificate = tls.getPeerX509Certificate();
  while (certificate !== undefined && sent.length < 32) {
    sent.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return sent;
}

interface Tap {
  readonly stream: Duplex;
  firstBytes(): Buffer;
  wasReset(): boolean;
}

/** The connection, with an eye on what comes first: of another protocol OpenSSL says only that it is another. */
function tapped(socket: Socket): Tap {
  const most = 64;
  let first = Buffer.alloc(0);
  let reset = false;
  const stream = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, callback) => socket.write(chunk, callback),
    final: (callback) => socket.end(callback),
    destroy: (error, callback) => {
      socket.destroy();
      callback(error);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    if (first.length < most) first = Buffer.concat([first, chunk.subarray(0, most - first.length)]);
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => stream.push(null));
  socket.on("error", (error) => {
    reset = true;
    stream.destroy(error);
  });
  return { stream, firstBytes: () => first, wasReset: () => reset };
}
