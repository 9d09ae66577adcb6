/**
 * `npm run accuracy`: runs every lab mode and tells whether gofire names the culprit.
 *
 *   npm run accuracy                      live when Go is here, else the recorded captures
 *   npm run accuracy -- --recorded        the recorded captures
 *   npm run accuracy -- --only a,b        only these modes, each of which must be right
 *   npm run accuracy -- --recorded --write   docs/reference/accuracy.md, too
 */
import { writeFileSync } from "node:fs";
import type { LabMode } from "../src/ports/lab-service.ts";
import { labService } from "../src/sandbox/lab-service.ts";
import { withLiveCaptures } from "./accuracy/live.ts";
import { recordedModes, scoreBundle, scoreRecorded } from "./accuracy/recorded.ts";
import { allRight, isGoodEnough, runsOn, type Scored, totals } from "./accuracy/score.ts";
import { accuracyPage, accuracyTable, totalsText } from "./accuracy/table.ts";
import { onlyThese, refuse, scriptOptions } from "./options.ts";

const values = scriptOptions({
  recorded: { type: "boolean", default: false },
  only: { type: "string" },
  write: { type: "boolean", default: false },
});

if (values.write && !values.recorded)
  refuse("--write: the page is of the recorded captures, add --recorded.");

const rows = (values.recorded ? undefined : await scoreLive()) ?? (await scoreRecordings());
process.stdout.write(`${accuracyTable(rows)}\n\n${totalsText(totals(rows))}\n`);
const isEnough = values.only === undefined ? isGoodEnough(totals(rows)) : allRight(totals(rows));
if (!isEnough) process.exitCode = 1;

async function scoreRecordings(): Promise<Scored[]> {
  const isWanted = wantedOf(recordedModes());
  const all = await scoreRecorded();
  if (values.write) writeFileSync("docs/reference/accuracy.md", accuracyPage(all));
  return all.filter(({ mode }) => isWanted(mode));
}

async function scoreLive(): Promise<Scored[] | undefined> {
  const lab = labService();
  const built = await lab.build(new AbortController().signal);
  if (built === undefined) {
    process.stderr.write("No Go toolchain here: judging the recorded captures.\n");
    return undefined;
  }
  const isWanted = wantedOf(built.modes);
  const modes = built.modes.filter((mode) => runsOn(mode, built.goVersion) && isWanted(mode));
  const scored: Scored[] = [];
  for (const [index, mode] of modes.entries()) {
    process.stderr.write(`${index + 1}/${modes.length} ${mode.name}… `);
    const row = await withLiveCaptures(lab, mode, (folder) => scoreBundle(mode, built.goVersion, folder));
    process.stderr.write(`${row.score} (${row.said})\n`);
    scored.push(row);
  }
  return scored;
}

function wantedOf(modes: readonly LabMode[]): (mode: LabMode) => boolean {
  const isNamed = onlyThese(
    values.only,
    modes.map(({ name }) => name),
  );
  return ({ name }) => isNamed(name);
}
