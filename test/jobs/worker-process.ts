/** A worker in a process of its own, for tests that kill it. Its settings are the first argument. */
import type { AlertedService } from "../../src/domain/alerts/alert-routing.ts";
import type { Paging } from "../../src/ports/alerts.ts";
import { startTestBot, type TestBot } from "./bot.ts";
import { chatClient } from "./chat-server.ts";
import { openTestGate, type TestGate } from "./gated.ts";

/** What a worker is told as plain values. */
export interface WorkerProcess extends Omit<TestBot, "settings"> {
  readonly chat: string;
  readonly settings?: Omit<NonNullable<TestBot["settings"]>, "paging" | "gate">;
  readonly gate?: TestGate;
  readonly paging?: Omit<Paging, "services"> & { readonly services: readonly AlertedService[] };
}

const { chat, paging, settings, gate, ...rest } = JSON.parse(process.argv[2] ?? "{}") as WorkerProcess;
const bot = await startTestBot(
  {
    ...rest,
    settings: {
      ...settings,
      ...(gate === undefined ? {} : { gate: (await openTestGate(gate)).gate }),
      ...(paging === undefined
        ? {}
        : { paging: { ...paging, services: () => Promise.resolve(paging.services) } }),
    },
  },
  chatClient(chat),
  (message) => process.stderr.write(`${message}\n`),
);
process.stdout.write("ready\n");
process.once("SIGTERM", () => {
  void bot.stop(Number(process.env["GRACE_MS"] ?? 20_000)).then(() => process.exit(0));
});
