/** gofire in a process of its own, for runs that kill it. Its settings are the first argument; it says where it hears Slack. */
import { type ProcessSettings, startProcess } from "./process.ts";

const settings = JSON.parse(process.argv[2] ?? "{}") as ProcessSettings;
const { requestUrl = "" } = await startProcess(settings, (line) => process.stderr.write(`${line}\n`));
process.stdout.write(`ready ${requestUrl}\n`);
