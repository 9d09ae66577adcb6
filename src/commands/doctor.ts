import { defineCommand } from "./command.ts";

export const doctor = defineCommand({
  name: "doctor",
  summary: "Tell what works on this machine and what is missing",
  usage: "[options]",
  examples: [
    {
      line: "doctor",
      does: "this machine, gofire.yaml, and all that it names",
    },
    { line: "doctor --offline", does: "this machine and gofire.yaml alone" },
  ],
  operands: { placeholder: "", min: 0, max: 0 },
  options: {
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "configuration instead of ./gofire.yaml",
    },
    offline: {
      kind: "flag",
      summary: "ask nobody: no Slack, Redis, Prometheus, target, nor where evidence is kept",
    },
    format: { kind: "choice", choices: ["text", "json"], short: "f", summary: "how to print" },
  },
  async run(context, { config: file, offline }, ports) {
    const { allChecks } = await import("./doctor/checks.ts");
    return { kind: "doctor", checks: await allChecks({ file, offline }, context, ports) };
  },
});
