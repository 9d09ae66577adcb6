/** A worker in a process of its own, for tests that kill it. Its settings are the first argument. */
import { startTestBot, type TestBot } from "./bot.ts";
import { chatClient } from "./chat-server.ts";

const { chat, ...settings } = JSON.parse(process.argv[2] ?? "{}") as TestBot & { chat: string };
const bot = await startTestBot(settings, chatClient(chat), (message) => process.stderr.write(`${message}\n`));
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
  void bot.stop(Number(process.env["GRACE_MS"] ?? 20_000)).then(() => process.exit(0));
});
