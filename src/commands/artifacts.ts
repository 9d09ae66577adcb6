import { UsageError } from "../domain/errors.ts";
import { grouped } from "../domain/grouped.ts";
import { bytesText, counted, durationText } from "../domain/units.ts";
import { removeArtifacts } from "../jobs/upkeep/retention.ts";
import type { StoredArtifact } from "../ports/artifacts.ts";
import { defineCommand } from "./command.ts";
import { stateFolder } from "./state-folder.ts";

const prefix = "incidents/";
/** A capture that runs may still store something. */
const freshMs = 600_000;

export const artifacts = defineCommand({
  name: "artifacts",
  summary: "List what the bot keeps of its incidents, or delete it",
  usage: "[remove INCIDENT…] [--config FILE]",
  examples: [
    { line: "artifacts", does: "every incident that something is kept of, oldest first" },
    { line: "artifacts remove gf-3fa9", does: "delete its captures, findings and pictures for good" },
  ],
  operands: { placeholder: "remove INCIDENT…", min: 0, max: 100, words: ["remove"] },
  options: {
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "configuration instead of ./gofire.yaml",
    },
  },
  async run({ signal }, { operands, config: file }, ports) {
    const [verb, ...ids] = operands;
    if (verb !== undefined && verb !== "remove") {
      throw new UsageError(
        `"${verb}" is not what gofire artifacts can do. It lists, or it removes: remove INCIDENT`,
      );
    }
    if (verb === "remove" && ids.length === 0)
      throw new UsageError("Remove what? For example: gofire artifacts remove gf-3fa9");
    const [config, host, clock] = await Promise.all([ports.config(file), ports.host(), ports.clock()]);
    const store = await ports.artifacts(config, stateFolder(host));
    const lines: string[] = [];
    if (verb === undefined) {
      lines.push(...listing(await store.list(prefix, signal), clock.nowMs()));
    } else {
      for (const id of ids) {
        const kept = await store.list(`${prefix}${id}/`, signal);
        if (kept.length === 0)
          throw new UsageError(`Nothing is kept of ${id}. gofire artifacts lists what is.`);
        const removed = await removeArtifacts(id, store, signal);
        lines.push(`${id}: ${counted(removed, "artifact")} deleted, ${bytesText(total(kept))}.`);
        if (clock.nowMs() - newest(kept) < freshMs) {
          lines.push("  The newest was just stored: a capture that still runs will store more.");
        }
      }
      lines.push("Files that were posted to a chat stay there; delete them there.");
    }
    return { kind: "text", text: `${lines.join("\n")}\n` };
  },
});

function listing(stored: readonly StoredArtifact[], nowMs: number): string[] {
  const incidents = grouped(stored, ({ key }) => key.split("/")[1] ?? "");
  const oldestFirst = [...incidents].toSorted(([, a], [, b]) => newest(a) - newest(b));
  const sum = `${counted(incidents.size, "incident")}, ${counted(stored.length, "artifact")}, ${bytesText(total(stored))}`;
  return [
    ...oldestFirst.map(([id, kept]) => {
      const age = durationText(Math.max(0, nowMs - newest(kept)));
      return `${id.padEnd(12)} ${bytesText(total(kept)).padStart(10)}  ${counted(kept.length, "artifact").padEnd(14)} ${age} old`;
    }),
    sum,
  ];
}

function total(stored: readonly StoredArtifact[]): number {
  return stored.reduce((sum, { bytes }) => sum + bytes, 0);
}

function newest(stored: readonly StoredArtifact[]): number {
  return Math.max(...stored.map(({ storedAtMs }) => storedAtMs));
}
