import type { CommandContext } from "../../src/commands/context.ts";

/** Of a command whose progress nobody follows, and that nobody ends. */
export const unheard: CommandContext = {
  version: "0.0.0",
  signal: new AbortController().signal,
  progress() {},
  log() {},
};
