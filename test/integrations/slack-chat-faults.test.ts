import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { MessageRef } from "../../src/domain/chat/message.ts";
import { PortError } from "../../src/domain/errors.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { slackChat } from "../../src/integrations/slack/chat.ts";
import { slackClient } from "../../src/integrations/slack/client.ts";
import type { Chat, ChatFile, Posting } from "../../src/ports/chat.ts";
import type { Fault } from "../../src/sandbox/slack/faults.ts";
import { incidents } from "../sandbox/slack/bolt.ts";
import { type SlackWorld, slackWorld } from "./slack-world.ts";

const never = new AbortController().signal;
const place = { channel: incidents };

let world: SlackWorld;
afterEach(() => world?.close());

function fileOf(name: string, content: string): ChatFile {
  return {
    name,
    title: name,
    contentType: name.endsWith(".png") ? "image/png" : "text/plain",
    bytes: content.length,
    async *open() {
      yield await Promise.resolve(Buffer.from(content));
    },
    ...(name.endsWith(".png") ? { altText: "62% in json.Unmarshal" } : {}),
  };
}

async function failureOf(call: Promise<unknown>): Promise<PortError> {
  const outcome = await call.then(
    () => "no error",
    (error: unknown) => error,
  );
  if (outcome instanceof PortError) return outcome;
  throw new Error(`Not a PortError: ${String(outcome)}`, { cause: outcome });
}

/** Small and reproducible; good enough to pick faults. */
function randomFrom(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** As the publish job works: the attempt is noted before it is made, and repeated until the chat took it. */
async function persist(
  work: (posting: Posting) => Promise<MessageRef>,
  intent: string,
  { nowMs }: SlackWorld,
): Promise<MessageRef> {
  let noted: number | undefined;
  for (let attempt = 0; attempt < 20; attempt++) {
    const posting = noted === undefined ? { intent } : { intent, attemptedAtMs: noted };
    const first = noted === undefined;
    noted ??= nowMs();
    try {
      return await work(posting);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      expect(["unavailable", "timeout", "rate-limited"]).toContain(error.code);
      if (error.code === "rate-limited" && first) noted = undefined;
      world.clock.advance(error.retryAfterMs ?? 500);
    }
  }
  throw new Error(`${intent} never got through`);
}

describe("Slack's answers get lost at random", () => {
  const methods = [
    "chat.postMessage",
    "files.getUploadURLExternal",
    "upload",
    "files.completeUploadExternal",
    "files.info",
    "conversations.history",
    "conversations.replies",
  ];

  function faultFrom(random: () => number): Fault {
    const on = methods[Math.floor(random() * methods.length)] ?? "upload";
    const when = random() < 0.5 ? "before" : "after";
    const skip = Math.floor(random() * 2);
    const kind = Math.floor(random() * 4);
    if (kind === 0) return { on, skip, kind: "reset", when };
    if (kind === 1) return { on, skip, kind: "status", status: 503, when };
    if (kind === 2 && on !== "upload") return { on, skip, kind: "error", error: "internal_error", when };
    if (kind === 3 && on !== "upload") return { on, skip, kind: "rate-limited", retryAfterS: 2 };
    return { on, skip, kind: "reset", when };
  }

  test("200 seeded runs: every message once, in its place, whichever process tries", async () => {
    world = await slackWorld();
    const expected: string[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const random = randomFrom(seed);
      world.slack.faults.clear();
      const faults = 1 + Math.floor(random() * 4);
      for (let count = 0; count < faults; count++) world.fault(faultFrom(random));
      const processes = [world.chat, world.another()];
      const anyOf = (): Chat => processes[random() < 0.7 ? 0 : 1] ?? world.chat;
      const id = `gf-${seed}`;
      const card = await persist((posting) => anyOf().post(place, { text: id }, posting, never), id, world);
      const thread = { channel: incidents, thread: card.ts };
      const note = await persist(
        (posting) => anyOf().post(thread, { text: `${id}/note` }, posting, never),
        `${id}/note`,
        world,
      );
      const files = [fileOf("flame.png", "picture"), fileOf(`findings.${id}.md`, "# Findings")];
      const shared = await persist(
        (posting) => anyOf().upload(thread, files, "Files", posting, never),
        `${id}/files`,
        world,
      );
      expected.push(id, `${id}/note`, `Files\n${id}/files`);
      const seen = world.shown(incidents).slice(seed * 3);
      expect(seen.map(({ ts }) => ts)).toEqual([card.ts, note.ts, shared.ts]);
    }
    expect(world.shown(incidents).map(({ text }) => text)).toEqual(expected);
    const expectedRefusals = [
      { method: "chat.postMessage", error: "ratelimited" }, // two processes, one channel
      { method: "files.info", error: "file_not_found" }, // never handed over
    ];
    expect(world.slack.problems(expectedRefusals)).toEqual([]);
  }, 120_000);
});

describe("files that Slack takes and does not show", () => {
  const files = [fileOf("flame.png", "picture"), fileOf("findings.md", "# Findings")];
  const posting = { intent: "gf-1/files" };

  test("are waited for", async () => {
    world = await slackWorld();
    world.fault({ on: "files.completeUploadExternal", kind: "slow-share", delayMs: 8_000 });
    const ref = await world.chat.upload(place, files, "Files", posting, never);
    expect(world.shown(incidents)).toMatchObject([{ ts: ref.ts, text: "Files\ngf-1/files" }]);
  });

  test("are found when they appear after all", async () => {
    world = await slackWorld();
    const attemptedAtMs = world.nowMs();
    world.fault({ on: "files.completeUploadExternal", kind: "slow-share", delayMs: 20_000 });
    const error = await failureOf(world.chat.upload(place, files, "Files", posting, never));
    expect(error).toMatchObject({ code: "unavailable" });
    expect(error.message).toContain("does not show them yet");
    const ref = await world.chat.upload(place, files, "Files", { ...posting, attemptedAtMs }, never);
    expect(world.shown(incidents)).toMatchObject([{ ts: ref.ts, text: "Files\ngf-1/files" }]);
  });

  test("are not mistaken for files of the same names and sizes that another incident has in the thread", async () => {
    world = await slackWorld();
    const first = await world.chat.upload(place, files, "Files", posting, never);
    const attemptedAtMs = world.nowMs();
    const other = { intent: "gf-2/files" };
    world.fault({ on: "files.completeUploadExternal", kind: "status", status: 503, when: "before" });
    await failureOf(world.chat.upload(place, files, "Files", other, never));
    const second = await world.another().upload(place, files, "Files", { ...other, attemptedAtMs }, never);
    expect(second.ts).not.toBe(first.ts);
    expect(world.shown(incidents)).toHaveLength(2);
  });

  test("are sent once more when they never appear, and the first ones are deleted", async () => {
    world = await slackWorld();
    const attemptedAtMs = world.nowMs();
    world.fault({ on: "files.completeUploadExternal", kind: "not-shared" });
    await failureOf(world.chat.upload(place, files, "Files", posting, never));
    await world.chat.upload(place, files, "Files", { ...posting, attemptedAtMs }, never);
    expect(world.shown(incidents)).toHaveLength(1);
    expect(world.slack.workspace.files.size).toBe(2);
    expect(world.slack.problems()).toEqual([]);
  });

  test("are given up when they never appear a second time, in words", async () => {
    world = await slackWorld();
    const attemptedAtMs = world.nowMs();
    world.fault({ on: "files.completeUploadExternal", kind: "not-shared", times: 2 });
    await failureOf(world.chat.upload(place, files, "Files", posting, never));
    const error = await failureOf(
      world.chat.upload(place, files, "Files", { ...posting, attemptedAtMs }, never),
    );
    expect(error.code).toBe("bad-response");
    expect(error.message).toContain("never showed them");
    expect(world.slack.workspace.files.size).toBe(0);
  });

  test("bytes that Slack has are not sent again when it asks to wait", async () => {
    world = await slackWorld();
    world.fault({ on: "files.completeUploadExternal", kind: "rate-limited", retryAfterS: 1 });
    const error = await failureOf(world.chat.upload(place, files, "Files", posting, never));
    expect(error).toMatchObject({ code: "rate-limited", retryAfterMs: 1_000 });
    world.clock.advance(1_000);
    await world.chat.upload(place, files, "Files", posting, never);
    const uploads = world.slack.traffic.exchanges.filter(({ name }) => name === "upload");
    expect(uploads).toHaveLength(files.length);
    expect(world.shown(incidents)).toHaveLength(1);
  });

  test("bytes that Slack has are handed over later without a look for them when their sender may not hand them over", async () => {
    world = await slackWorld();
    const attemptedAtMs = world.nowMs();
    const stoodStill = new PortError("unavailable", "chat", "Somebody else may send this.");
    const refused: Posting = {
      ...posting,
      beforeSending() {
        throw stoodStill;
      },
    };
    await expect(world.chat.upload(place, files, "Files", refused, never)).rejects.toBe(stoodStill);
    const before = world.slack.traffic.exchanges.length;
    await world.chat.upload(place, files, "Files", { ...posting, attemptedAtMs }, never);
    const since = world.slack.traffic.exchanges.slice(before).map(({ name }) => name);
    // Besides, Slack tells of the message.
    expect(since.filter((name) => !name.startsWith("events_api"))).toEqual([
      "conversations.history",
      "files.completeUploadExternal",
      "files.info",
    ]);
    expect(world.shown(incidents)).toHaveLength(1);
  });

  test("bytes that Slack has thrown away meanwhile, and other files, are sent anew", async () => {
    world = await slackWorld();
    world.fault({ on: "files.completeUploadExternal", kind: "rate-limited", retryAfterS: 1 });
    await failureOf(world.chat.upload(place, files, "Files", posting, never));
    world.clock.advance(1_000);
    world.fault({
      on: "files.completeUploadExternal",
      kind: "error",
      error: "file_not_found",
      when: "before",
    });
    await world.chat.upload(place, files, "Files", posting, never);
    expect(world.shown(incidents)).toHaveLength(1);

    const other = { intent: "gf-2/files" };
    world.fault({ on: "files.completeUploadExternal", kind: "rate-limited", retryAfterS: 1 });
    await failureOf(world.chat.upload(place, files, "Files", other, never));
    world.clock.advance(1_000);
    await world.chat.upload(place, files.slice(1), "Fewer", other, never);
    expect(world.shown(incidents)[1]).toMatchObject({
      text: "Fewer\ngf-2/files",
      files: [{ name: "findings.md" }],
    });
  });

  test("a source that breaks comes out as its own error, and nothing is shown", async () => {
    world = await slackWorld();
    const gone = new PortError("not-found", "heap.pb.gz", "removed meanwhile");
    const broken: ChatFile = {
      ...fileOf("heap.pb.gz", "profile"),
      async *open() {
        yield await Promise.resolve(Buffer.from("pro"));
        throw gone;
      },
    };
    await expect(world.chat.upload(place, [broken], "Files", posting, never)).rejects.toBe(gone);
    expect(world.shown(incidents)).toEqual([]);
  });

  test("with fewer bytes than were announced fail and are not shown", async () => {
    world = await slackWorld();
    const short = { ...fileOf("heap.pb.gz", "profile"), bytes: 100 };
    const error = await failureOf(world.chat.upload(place, [short], "Files", posting, never));
    expect(error.name).toBe("PortError");
    expect(world.shown(incidents)).toEqual([]);
  });
});

describe("what is no answer of Slack", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });

  const token = "xoxb-very-secret-token";

  async function against(listener: RequestListener): Promise<{
    readonly chat: Chat;
    readonly close: () => Promise<void>;
  }> {
    server = createServer(listener);
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const client = slackClient({
      token,
      apiUrl: `http://127.0.0.1:${port}/api/`,
      clock: systemClock,
      deadlineMs: 2_000,
    });
    const chat = slackChat({
      client,
      own: { botId: "B1", botUserId: "U1" },
      clock: systemClock,
      onTrouble: () => {},
    });
    return { chat, close: () => client.close() };
  }

  const answers: readonly (readonly [string, RequestListener, string, RegExp])[] = [
    [
      "a page with status 200",
      (_, response) => response.end("<html>login</html>"),
      "unavailable",
      /not answer as/,
    ],
    ["ok without a timestamp", (_, response) => response.end('{"ok":true}'), "unavailable", /not answer as/],
    [
      "a proxy's refusal",
      (_, response) => response.writeHead(403).end("denied"),
      "unavailable",
      /HTTP 403 .*proxies/,
    ],
    [
      "a redirect",
      (_, response) => response.writeHead(302, { location: "/x" }).end(),
      "unavailable",
      /HTTP 302/,
    ],
    [
      "half an answer",
      (_, response) => response.writeHead(200).write('{"ok":', () => response.destroy()),
      "unavailable",
      /No answer/,
    ],
    [
      "a request that is too large",
      (_, response) => response.writeHead(413).end(),
      "bad-response",
      /HTTP 413/,
    ],
    ["429 without a time", (_, response) => response.writeHead(429).end(), "rate-limited", /30 s/],
    [
      "a refusal that repeats the token",
      (request, response) =>
        response.end(JSON.stringify({ ok: false, error: `x ${request.headers.authorization}` })),
      "bad-response",
      /refused/,
    ],
  ];

  test.each(answers)("%s", async (_name, listener, code, words) => {
    const { chat, close } = await against(listener);
    const error = await failureOf(chat.post(place, { text: "x" }, { intent: "gf-1" }, never));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
    expect(`${JSON.stringify(error)} ${error.message} ${error.target} ${error.stack}`).not.toContain(token);
    await close();
  });

  test("an answer without end is cut off", async () => {
    const { chat, close } = await against((_, response) => {
      const chunk = Buffer.alloc(1 << 20, "x");
      const more = () => {
        while (response.write(chunk));
      };
      response.on("drain", more);
      more();
    });
    const error = await failureOf(chat.post(place, { text: "x" }, { intent: "gf-1" }, never));
    expect(error.message).toContain("16 MiB");
    await close();
  });

  test("nobody there", async () => {
    const { chat, close } = await against(() => {});
    server?.close();
    server?.closeAllConnections();
    const error = await failureOf(chat.post(place, { text: "x" }, { intent: "gf-1" }, never));
    expect(error).toMatchObject({ code: "unavailable" });
    expect(error.message).toContain("nothing listens");
    await close();
  });

  test("aborted while it waits, it throws the reason", async () => {
    const stop = new AbortController();
    const reason = new Error("the worker ends");
    const { chat, close } = await against(() => stop.abort(reason));
    await expect(chat.post(place, { text: "x" }, { intent: "gf-1" }, stop.signal)).rejects.toBe(reason);
    await close();
  });
});
