import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chatCommands } from "../../../src/commands/chat/index.ts";

const rooms = ["src/commands/chat", "src/jobs", "src/render/slack"];
const names = chatCommands.map(({ name }) => name).join("|");
/** A command behind a colon, with what it takes: a value, a placeholder or the example's service. */
const bareCommand = new RegExp(`[a-z}]: (?:${names}) (?:\\$\\{|[A-Z]{2}|order\\b|gf-)`);

test("a hint has its command as it is typed in the chat, so that it can be copied", () => {
  const lines = rooms.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => readFileSync(join(room, file), "utf8").split("\n")),
  );
  expect(lines.filter((line) => /: \/gofire (?:snapshot|rollback) /.test(line)).length).toBeGreaterThan(5);
  expect(lines.filter((line) => bareCommand.test(line))).toEqual([]);
});
