import { defineCommand } from "./command.ts";

export const serve = defineCommand({
  name: "serve",
  summary: "Run the bot: answer people and alerts, capture, explain",
  usage: "[options]",
  examples: [
    { line: "serve", does: "everything in one process, with a Redis of its own" },
    { line: "serve --role worker", does: "one more worker; all share the Redis of REDIS_URL" },
    { line: "serve --role web --listen 0.0.0.0:8080", does: "only hear people and alerts" },
  ],
  operands: { placeholder: "", min: 0, max: 0 },
  options: {
    role: {
      kind: "choice",
      choices: ["all", "web", "worker"],
      summary: "what this process does (default all)",
    },
    listen: {
      kind: "text",
      placeholder: "HOST:PORT",
      summary: "where /healthz is answered (default 127.0.0.1:8080)",
    },
    captures: {
      kind: "integer",
      placeholder: "20",
      min: 1,
      max: 1_000,
      summary: "captures at the same time, over all workers",
    },
    "captures-per-service": {
      kind: "integer",
      placeholder: "2",
      min: 1,
      max: 1_000,
      summary:
        "captures of one service at the same time; on one node and within a minute: captures.perNode and captures.perMinute in gofire.yaml",
    },
    waiting: {
      kind: "integer",
      placeholder: "100",
      min: 1,
      max: 10_000,
      summary: "captures that may wait; further ones are refused",
    },
    cooldown: {
      kind: "duration",
      placeholder: "10m",
      minMs: 0,
      maxMs: 86_400_000,
      summary: "until alerts may have a service captured again",
    },
    grace: {
      kind: "duration",
      placeholder: "25s",
      minMs: 0,
      maxMs: 600_000,
      summary: "how long work may go on once gofire is told to stop",
    },
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "configuration instead of ./gofire.yaml",
    },
  },
  async run(context, options, ports) {
    const { runBot } = await import("./serve/run-bot.ts");
    await runBot(options, context, ports);
    return { kind: "text", text: "Stopped.\n" };
  },
});
