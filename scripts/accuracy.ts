/**
 * `npm run accuracy`: runs every lab mode and tells whether gofire names the culprit.
 *
 *   npm run accuracy                      live when Go is here, else the recorded captures
 *   npm run accuracy -- --recorded        the recorded captures
 *   npm run accuracy -- --only a,b        only these modes
 *   npm run accuracy -- --recorded --write   docs/reference/accuracy.md, too
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { labService } from "../src/sandbox/lab-service.ts";
import { withLiveCaptures } from "./accuracy/live.ts";
import { scoreBundle, scoreRecorded } from "./accuracy/recorded.ts";
import { isGoodEnough, runsOn, type Scored, totals } from "./accuracy/score.ts";
import { accuracyPage, accuracyTable, totalsText } from "./accuracy/table.ts";

const { values } = parseArgs({
  options: {
    recorded: { type: "boolean", default: false },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const only = values.only?.split(",");

const rows = (values.recorded ? undefined : await scoreLive()) ?? (await scoreRecorded());
const shown = only === undefined ? rows : rows.filter((row) => only.includes(row.mode.name));
process.stdout.write(`${accuracyTable(shown)}\n\n${totalsText(totals(shown))}\n`);
if (values.write) writeFileSync("docs/reference/accuracy.md", accuracyPage(rows));
if (!isGoodEnough(totals(shown)) && only === undefined) process.exitCode = 1;

async function scoreLive(): Promise<Scored[] | undefined> {
  const lab = labService();
  const built = await lab.build(new AbortController().signal);
  if (built === undefined) {
    process.stderr.write("No Go toolchain here: judging the recorded captures.\n");
    return undefined;
  }
  const modes = built.modes.filter(
    (mode) => runsOn(mode, built.goVersion) && (only === undefined || only.includes(mode.name)),
  );
  const scored: Scored[] = [];
  for (const [index, mode] of modes.entries()) {
    process.stderr.write(`${index + 1}/${modes.length} ${mode.name}… `);
    const row = await withLiveCaptures(lab, mode, (folder) => scoreBundle(mode, built.goVersion, folder));
    process.stderr.write(`${row.score} (${row.said})\n`);
    scored.push(row);
  }
  return scored;
}
