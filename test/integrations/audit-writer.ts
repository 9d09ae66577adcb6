/**
 * Adds acts to the log in the state folder of its first argument: those of its own, named after its second, and as many that
 * other writers add, too. Says the place and id of each once it is told that it is in.
 */
import { auditLogs } from "../../src/integrations/audit-log/logs.ts";
import { approval } from "../contracts/approval.ts";

const [stateFolder = "", name = "", count = "0"] = process.argv.slice(2);
const never = new AbortController().signal;
const log = await auditLogs().keep(`${stateFolder}/audit`, {
  origin: "gofire.shop.example/audit",
  stateFolder,
  at: "audit",
});
for (let at = 0; at < Number(count); at++) {
  for (const id of [`${name}:${at}`, `shared:${at}`]) {
    const { index, event } = await log.append(approval(id), never);
    process.stdout.write(`${index} ${event.id}\n`);
  }
}
await log.close();
