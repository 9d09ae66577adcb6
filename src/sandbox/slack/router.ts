import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { reasonOf } from "../../domain/errors.ts";
import type { Lever } from "../../ports/demo-world.ts";
import { createControl } from "./control.ts";
import type { SocketOutlet } from "./deliveries/socket-outlet.ts";
import type { Faults } from "./faults.ts";
import { fieldsOf } from "./fields.ts";
import { answerJson, answerText, fieldsOfBody, readBody } from "./http.ts";
import { servePage } from "./page.ts";
import type { People } from "./people/people.ts";
import { useResponseUrl } from "./response-urls.ts";
import type { Traffic } from "./traffic.ts";
import type { createWebApi } from "./web-api.ts";
import type { Workspace } from "./workspace.ts";

export interface Rooms {
  readonly workspace: Workspace;
  readonly webApi: ReturnType<typeof createWebApi>;
  readonly people: People;
  readonly faults: Faults;
  readonly traffic: Traffic;
  readonly sockets: SocketOutlet;
  readonly levers: readonly Lever[];
  readonly notice: string | undefined;
}

/** Sends a request to the Web API, an upload, a response_url, a file, the control API or the page. */
export function createRouter(rooms: Rooms): RequestListener {
  const { workspace, webApi } = rooms;
  const control = createControl(rooms);

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, room = "", name = "", ...rest] = new URL(request.url ?? "/", "http://sandbox").pathname.split(
      "/",
    );
    if (room === "api" && request.method === "POST") return webApi.call(name, request, response);
    if (room === "upload" && request.method === "POST") return webApi.upload(name, request, response);
    if (room === "response" && request.method === "POST") return respond(name, request, response);
    if (room === "services" && request.method === "POST") return postPage(name, request, response);
    if (room === "files") return serveFile(workspace, name, response);
    if (room === "_control") return control([name, ...rest].join("/"), request, response);
    return servePage(room, name, response);
  }

  async function respond(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = workspace.clock.nowMs();
    const body = fieldsOfBody(request.headers["content-type"] ?? "", await readBody(request));
    const fault = rooms.faults.take("response_url");
    if (fault?.kind === "reset") return void request.socket.resetAndDestroy();
    const { status, body: words } =
      fault?.kind === "status" ? { status: fault.status, body: "" } : useResponseUrl(workspace, id, body);
    rooms.traffic.record({
      atMs,
      direction: "from-app",
      name: "response_url",
      args: body,
      status,
      ...(status === 200 ? {} : { error: words }),
      ...(fault === undefined ? {} : { fault: fault.kind }),
    });
    answerText(response, status, words);
  }

  /**
   * Another app's incoming webhook: its URL names the channel
   * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
   */
  async function postPage(
    channelId: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (!workspace.channels.has(channelId)) return answerText(response, 404, "channel_not_found");
    const { text, username, attachments, blocks } = fieldsOfBody(
      request.headers["content-type"] ?? "",
      await readBody(request),
    );
    if (text === undefined && attachments === undefined && blocks === undefined) {
      return answerText(response, 400, "no_text");
    }
    try {
      rooms.people.page(channelId, {
        ...(typeof text === "string" ? { text } : {}),
        ...(typeof username === "string" ? { username } : {}),
        ...(Array.isArray(attachments) ? { attachments: attachments.map(fieldsOf) } : {}),
        ...(Array.isArray(blocks) ? { blocks: blocks.map(fieldsOf) } : {}),
      });
    } catch {
      return answerText(response, 400, "invalid_payload");
    }
    answerText(response, 200, "ok");
  }

  return (request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else answerJson(response, 500, { error: reasonOf(error) });
    });
  };
}

function serveFile(workspace: Workspace, id: string, response: ServerResponse): void {
  const file = workspace.files.get(id);
  if (file === undefined) return answerText(response, 404, "No such file.");
  response.writeHead(200, { "content-type": file.mimetype, "x-content-type-options": "nosniff" });
  response.end(file.bytes);
}
