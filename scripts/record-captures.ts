/**
 * `npm run record`: records every lab mode as a capture bundle below lab/captures/<go version>/<mode>/.
 *
 *   npm run record                                 with the Go on PATH
 *   npm run record -- --go /path/to/go1.22/bin/go  with another toolchain
 *   npm run record -- --only a,b                   only these modes
 *   npm run record -- --lanes 3                    so many at a time (default 2)
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabMode } from "../src/ports/lab-service.ts";
import { labService } from "../src/sandbox/lab-service.ts";
import { withLiveCaptures } from "./accuracy/live.ts";
import { capturesFolder } from "./accuracy/recorded.ts";
import { runsOn } from "./accuracy/score.ts";
import { onlyThese, scriptOptions } from "./options.ts";

const values = scriptOptions({
  go: { type: "string", default: "go" },
  only: { type: "string" },
  lanes: { type: "string", default: "2" },
});

const lab = labService({ go: values.go });
const built = await lab.build(new AbortController().signal);
if (built === undefined) {
  process.stderr.write(`${values.go} is no Go toolchain.\n`);
  process.exit(2);
}
const isWanted = onlyThese(
  values.only,
  built.modes.map((mode) => mode.name),
);
const { goVersion } = built;
mkdirSync(capturesFolder, { recursive: true });
writeFileSync(join(capturesFolder, "modes.json"), `${JSON.stringify(built.modes, undefined, 2)}\n`);
const modes = built.modes.filter((mode) => runsOn(mode, built.goVersion) && isWanted(mode.name));
let recorded = 0;
const waiting = [...modes];
await Promise.all(Array.from({ length: Number(values.lanes) }, lane));

/** Records one mode after another. Most of the time of a recording is waiting, so several lanes fit on one machine. */
async function lane(): Promise<void> {
  for (let mode = waiting.shift(); mode !== undefined; mode = waiting.shift()) await record(mode);
}

async function record(mode: LabMode): Promise<void> {
  await withLiveCaptures(lab, mode, async (captures) => {
    const folder = join(capturesFolder, goVersion, mode.name);
    rmSync(folder, { recursive: true, force: true });
    cpSync(captures, folder, { recursive: true });
    const bytes = readdirSync(folder).reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    process.stderr.write(`${++recorded}/${modes.length} ${goVersion} ${mode.name}: ${bytes} bytes\n`);
  });
}
