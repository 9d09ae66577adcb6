import { UsageError } from "../domain/errors.ts";
import { nearest } from "../domain/nearest.ts";
import { defineCommand } from "./command.ts";
import { demoInTerminal } from "./demo/in-terminal.ts";
import { demoInWorkspace } from "./demo/in-workspace.ts";

/** A pool that gives out nothing, behind a lock: the story of the config change that took a shop down. */
const defaultMode = "redis-pool-zero";

export const demo = defineCommand({
  name: "demo",
  summary: "Watch gofire at work: a sick Go service, its verdict, its rollback",
  usage: "[options]",
  examples: [
    { line: "demo", does: "a shop whose redis pool was set to 0, and a workspace to play in" },
    { line: "demo --once", does: "run through, print what was said, end" },
    { line: "demo --mode lock-order", does: "another illness" },
    { line: "demo --terminal", does: "only capture and explain, without a workspace" },
    { line: "demo --list", does: "the illnesses and the healthy look-alikes there are" },
  ],
  operands: { placeholder: "", min: 0, max: 0 },
  options: {
    mode: { kind: "text", placeholder: "NAME", summary: `illness to show (default ${defaultMode})` },
    once: { kind: "flag", summary: "end after the story; the rule where nobody sits at the terminal" },
    picture: {
      kind: "text",
      placeholder: "FILE",
      summary: "where --once keeps its picture of the thread (default: the temporary folder)",
    },
    terminal: { kind: "flag", summary: "print the verdict here, without a workspace" },
    list: { kind: "flag", summary: "list the modes and end" },
    recorded: { kind: "flag", summary: "use a recorded process, as on a machine without Go" },
    out: {
      kind: "text",
      placeholder: "FOLDER",
      short: "o",
      summary: "where --terminal keeps its bundle (default: the temporary folder)",
    },
    verbose: { kind: "flag", short: "v", summary: "all groups, all evidence, every check" },
  },
  async run(context, { mode = defaultMode, once, picture, terminal, list, recorded, out }, ports) {
    const [lab, host] = await Promise.all([ports.lab(), ports.host()]);
    if (!recorded) context.progress("Building the lab service, where there is Go…");
    const built = recorded ? undefined : await lab.build(context.signal);
    if (list) return { kind: "text", text: modesText(built?.modes ?? (await lab.recordedModes())) };
    if (built !== undefined) checkMode(mode, built.modes);
    return terminal
      ? await demoInTerminal(mode, { lab, built }, out, context, ports)
      : await demoInWorkspace(
          { mode, once: once || !host.isAttended, picture },
          { lab, built },
          context,
          ports,
        );
  },
});

function checkMode(mode: string, modes: readonly { readonly name: string }[]): void {
  const names = modes.map(({ name }) => name);
  if (names.includes(mode)) return;
  const close = nearest(mode, names);
  const hint = close === undefined ? "" : ` Did you mean ${close}?`;
  throw new UsageError(`There is no mode "${mode}".${hint} gofire demo --list has all.`);
}

function modesText(modes: readonly { name: string; kind: string; title: string }[]): string {
  const width = Math.max(...modes.map((mode) => mode.name.length)) + 2;
  const lines = (kind: string) =>
    modes.filter((mode) => mode.kind === kind).map((mode) => `  ${mode.name.padEnd(width)}${mode.title}`);
  return `Sick\n${lines("sick").join("\n")}\n\nHealthy, though some look sick\n${lines("healthy").join("\n")}\n`;
}
