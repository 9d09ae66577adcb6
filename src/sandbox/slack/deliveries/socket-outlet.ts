import type { Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { fieldsOf, parseJson, textOf } from "../fields.ts";
import type { Workspace } from "../workspace.ts";
import type { DeliveryResult, Outlet } from "./outlet.ts";

const maxSockets = 10;
const pingEveryMs = 10_000;
/** Slack announces a socket's life, warns about 10 s before its end and then asks for a refresh. */
const announcedLifeS = 18_060;

export interface SocketOutlet extends Outlet {
  /** A one-time address for apps.connections.open to hand out. */
  newUrl(): string;
  /** How many sockets are open. */
  readonly open: number;
  /** Asks one socket (the oldest) or all to be replaced, as Slack does every few hours, and closes it soon after. */
  refresh(which: "oldest" | "all", reason?: "refresh_requested" | "warning" | "link_disabled"): void;
  /** Cuts all connections without a word. */
  cut(): void;
}

interface Line {
  readonly socket: WebSocket;
  isLeaving: boolean;
}

/** Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode): each delivery goes to one open socket in turn. */
export function createSocketOutlet(workspace: Workspace, server: Server): SocketOutlet {
  const tickets = new Set<string>();
  const lines: Line[] = [];
  const waiting = new Map<string, (result: DeliveryResult) => void>();
  const sockets = new WebSocketServer({ noServer: true });
  let turn = 0;

  server.on("upgrade", (request, socket, head) => {
    const ticket = new URL(request.url ?? "/", "http://sandbox").searchParams.get("ticket") ?? "";
    if (!tickets.delete(ticket)) socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    else sockets.handleUpgrade(request, socket, head, (opened) => welcome(opened));
  });

  function welcome(socket: WebSocket): void {
    if (lines.length >= maxSockets) {
      socket.send(JSON.stringify({ type: "disconnect", reason: "too_many_websockets", debug_info: {} }));
      return socket.close();
    }
    const line: Line = { socket, isLeaving: false };
    lines.push(line);
    const pings = setInterval(() => socket.ping(), pingEveryMs);
    pings.unref();
    socket.on("message", (raw) => hear(Buffer.isBuffer(raw) ? raw.toString() : ""));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      clearInterval(pings);
      lines.splice(lines.indexOf(line), 1);
      workspace.changed({ kind: "traffic" });
    });
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: lines.length,
        debug_info: { host: "sandbox", approximate_connection_time: announcedLifeS },
        connection_info: { app_id: workspace.app.id },
      }),
    );
    workspace.changed({ kind: "traffic" });
  }

  function hear(raw: string): void {
    const { envelope_id: id, payload } = fieldsOf(parseJson(raw));
    const settle = waiting.get(textOf(id) ?? "");
    settle?.({ isAcked: true, body: fieldsOf(payload) });
  }

  return {
    send({ kind, payload, retry }) {
      const able = lines.filter(({ isLeaving, socket }) => !isLeaving && socket.readyState === socket.OPEN);
      turn += 1;
      const line = able[turn % Math.max(1, able.length)];
      if (line === undefined) return Promise.resolve({ isAcked: false, reason: "connection_failed" });
      const envelopeId = workspace.newId("env-");
      return new Promise((resolve) => {
        const settle = (result: DeliveryResult) => {
          cancel();
          waiting.delete(envelopeId);
          resolve(result);
        };
        const cancel = workspace.clock.after(workspace.patienceMs, () =>
          settle({ isAcked: false, reason: "timeout" }),
        );
        waiting.set(envelopeId, settle);
        line.socket.send(
          JSON.stringify({
            envelope_id: envelopeId,
            type: kind,
            payload,
            accepts_response_payload: kind !== "events_api",
            ...(kind === "events_api"
              ? { retry_attempt: retry?.number ?? 0, retry_reason: retry?.reason ?? "" }
              : {}),
          }),
        );
      });
    },
    newUrl() {
      const ticket = workspace.newId("ticket-");
      tickets.add(ticket);
      return `${workspace.baseUrl.replace("http", "ws")}/link/?ticket=${ticket}&app_id=${workspace.app.id}`;
    },
    get open() {
      return lines.length;
    },
    refresh(which, reason = "refresh_requested") {
      const leaving = which === "oldest" ? lines.slice(0, 1) : [...lines];
      for (const line of leaving) {
        line.isLeaving = reason !== "warning";
        line.socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "sandbox" } }));
        // A warning is followed by the end about ten seconds later.
        if (reason === "warning")
          workspace.clock.after(10_000, () => {
            line.isLeaving = true;
            line.socket.close();
          });
      }
    },
    cut() {
      for (const { socket } of lines.slice()) socket.terminate();
    },
    close() {
      for (const { socket } of lines.slice()) socket.terminate();
      sockets.close();
    },
  };
}
