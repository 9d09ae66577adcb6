import type { IncomingMessage, ServerResponse } from "node:http";
import { reasonOf } from "../../domain/errors.ts";
import { problemsOf } from "./checks.ts";
import type { Fault } from "./faults.ts";
import { type Fields, fieldsOf, parseJson, textOf } from "./fields.ts";
import { answerJson, readBody } from "./http.ts";
import type { Aim, ViewValues } from "./people/people.ts";
import type { Rooms } from "./router.ts";
import { snapshotFor } from "./snapshot.ts";

/**
 * `/_control/…`: what the page and scripts do in the workspace. GET `state?user=`, `changes` (server-sent events),
 * `problems`, `traffic`; POST a JSON object to any name in `actions`.
 */
export function createControl({
  workspace,
  people,
  faults,
  traffic,
  sockets,
  levers,
  notice,
}: Omit<Rooms, "webApi">) {
  const actions: Readonly<Record<string, (body: Fields, userId: string) => unknown>> = {
    type: (body, userId) =>
      people.type(userId, need(body, "channel"), need(body, "text"), textOf(body.thread)),
    click: (body, userId) => people.click(userId, need(body, "channel"), need(body, "ts"), aimOf(body)),
    "click-home": (body, userId) => people.clickInHome(userId, aimOf(body)),
    "click-modal": (body, userId) => people.clickInModal(userId, aimOf(body), valuesOf(body)),
    submit: (body, userId) => people.submit(userId, valuesOf(body)),
    "close-modal": (_body, userId) => people.closeModal(userId),
    shortcut: (body, userId) =>
      body.ts === undefined
        ? people.globalShortcut(userId, need(body, "callback"))
        : people.messageShortcut(userId, need(body, "callback"), need(body, "channel"), need(body, "ts")),
    home: (_body, userId) => people.openHome(userId),
    react: (body, userId) =>
      people.react(userId, need(body, "channel"), need(body, "ts"), need(body, "emoji")),
    page: (body) => ({ ts: people.page(need(body, "channel"), fieldsOf(body.message)) }),
    "edit-page": (body) => people.editPage(need(body, "channel"), need(body, "ts"), fieldsOf(body.message)),
    remove: (body, userId) => people.remove(userId, need(body, "channel"), need(body, "ts")),
    archive: (body) => people.archive(need(body, "channel")),
    invite: (body) => people.invite(need(body, "channel"), need(body, "member")),
    kick: (body) => people.kick(need(body, "channel"), need(body, "member")),
    lever: (body) => {
      const lever = levers.find(({ id }) => id === need(body, "id"));
      if (lever === undefined) throw new Error("There is no such button.");
      return lever.pull();
    },
    fault: (body) => faults.add(body as unknown as Fault),
    "refresh-sockets": (body) => sockets.refresh(body.which === "all" ? "all" : "oldest"),
    "cut-sockets": () => sockets.cut(),
  };

  return async (name: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isFromHere(request))
      return answerJson(response, 403, { error: "Only pages of this workspace may do this." });
    if (request.method === "GET") return read(name, request, response);
    const action = actions[name];
    if (action === undefined) return answerJson(response, 404, { error: `No action ${name}.` });
    const body = fieldsOf(parseJson((await readBody(request)).toString()));
    try {
      const result = await action(body, textOf(body.user) ?? "");
      answerJson(response, 200, { ok: true, result: result ?? null });
    } catch (error) {
      answerJson(response, 409, { ok: false, error: reasonOf(error) });
    }
  };

  function read(name: string, request: IncomingMessage, response: ServerResponse): void {
    const user = new URL(request.url ?? "/", "http://sandbox").searchParams.get("user");
    const someone = workspace.users.keys().next().value ?? "";
    if (name === "state")
      return answerJson(response, 200, {
        ...snapshotFor(workspace, user ?? someone, traffic, sockets),
        levers: levers.map(({ id, label, group }) => ({ id, label, group })),
        notice,
      });
    if (name === "problems") return answerJson(response, 200, { problems: problemsOf(workspace, traffic) });
    if (name === "traffic") return answerJson(response, 200, { exchanges: traffic.exchanges });
    if (name === "changes") return stream(response);
    answerJson(response, 404, { error: `Nothing called ${name}.` });
  }

  function stream(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": hello\n\n");
    const stop = workspace.onChange((change) => response.write(`data: ${JSON.stringify(change)}\n\n`));
    response.on("close", stop);
  }
}

/** A page of another site must not act in here: the browser would tell its origin, or ask for a foreign host. */
function isFromHere({ headers }: IncomingMessage): boolean {
  const host = headers.host ?? "";
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return false;
  return headers.origin === undefined || headers.origin === `http://${host}`;
}

function need(body: Fields, name: string): string {
  const value = textOf(body[name]);
  if (value === undefined) throw new Error(`"${name}" is missing.`);
  return value;
}

function aimOf(body: Fields): Aim {
  const blockId = textOf(body.block);
  const value = textOf(body.value);
  return {
    actionId: need(body, "action"),
    ...(blockId === undefined ? {} : { blockId }),
    ...(value === undefined ? {} : { value }),
  };
}

function valuesOf(body: Fields): ViewValues {
  return fieldsOf(body.values) as ViewValues;
}
