/** A worker in a process of its own that dies at a moment of a rollback. What it is told is the first argument. */
import { auditLogs } from "../../../src/integrations/audit-log/logs.ts";
import { gitHistory } from "../../../src/integrations/git/history.ts";
import { gitWriter } from "../../../src/integrations/git/writer.ts";
import type { ConfigWriter } from "../../../src/ports/config-writer.ts";
import { startTestBot, type TestBot } from "../bot.ts";
import { chatClient } from "../chat-server.ts";
import { patientTimes } from "../dead-worker.ts";

/** Before or after something that the outside world sees. */
export interface Death {
  readonly when: "before" | "after";
  /** `write`: the push. Else what the log is told, a message's text, or what one person is told. */
  readonly what:
    | "write"
    | { readonly logged: string }
    | { readonly said: string }
    | { readonly told: string };
}

export interface RollbackWorker extends Omit<TestBot, "settings"> {
  readonly chat: string;
  readonly repository: string;
  readonly push: ConfigWriter["push"];
  readonly stateFolder: string;
  readonly logFolder: string;
  readonly death?: Death;
}

const told = JSON.parse(process.argv[2] ?? "{}") as RollbackWorker;
const { chat, repository, push, stateFolder, logFolder, death, ...bot } = told;

async function around<Result>(
  isIt: (what: Death["what"]) => boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  const dies = death !== undefined && isIt(death.what);
  if (dies && death.when === "before") process.kill(process.pid, "SIGKILL");
  const result = await work();
  if (dies) process.kill(process.pid, "SIGKILL");
  return result;
}

const place = { repository, branch: "main" };
const writer = gitWriter({ ...place, push }, stateFolder);
const files = {
  history: gitHistory(place, stateFolder),
  paths: ["."],
  writer: {
    ...writer,
    write: (...words: Parameters<ConfigWriter["write"]>) =>
      around(
        (what) => what === "write",
        () => writer.write(...words),
      ),
  },
  verify: { firstAfterMs: 0, againAfterMs: 500, withinMs: 60_000 },
};
const log = await auditLogs().keep(logFolder, { origin: "gofire.test/audit", stateFolder, at: "test" });
const client = chatClient(chat);
const isSaid = (text: string) => (what: Death["what"]) =>
  typeof what === "object" && "said" in what && new RegExp(what.said).test(text);
await startTestBot(
  {
    ...bot,
    settings: {
      workerTimes: patientTimes,
      sweepEveryMs: 500,
      configs: { of: () => files, close: () => Promise.resolve() },
      auditLog: {
        ...log,
        append: (event, signal) =>
          around(
            (what) => typeof what === "object" && "logged" in what && what.logged === event.type,
            () => log.append(event, signal),
          ),
      },
    },
  },
  {
    ...client,
    post: (to, body, posting, signal) =>
      around(isSaid(body.text), () => client.post(to, body, posting, signal)),
    edit: (ref, body, urgency, signal) =>
      around(isSaid(body.text), () => client.edit(ref, body, urgency, signal)),
    tellOnly: (to, userId, body, signal) =>
      around(
        (what) => typeof what === "object" && "told" in what && what.told === body.text,
        () => client.tellOnly(to, userId, body, signal),
      ),
  },
  (message) => process.stderr.write(`${message}\n`),
);
process.stdout.write("ready\n");
