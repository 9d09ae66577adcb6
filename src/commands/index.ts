import { analyze } from "./analyze.ts";
import { artifacts } from "./artifacts.ts";
import { audit } from "./audit.ts";
import type { Command } from "./command.ts";
import { completion } from "./completion.ts";
import { config } from "./config.ts";
import { demo } from "./demo.ts";
import { doctor } from "./doctor.ts";
import { replay } from "./replay.ts";
import { rules } from "./rules.ts";
import { serve } from "./serve.ts";
import { snapshot } from "./snapshot.ts";
import { tls } from "./tls.ts";

/** Every command, in the order of the help text. */
export const commands: readonly Command[] = [
  snapshot,
  analyze,
  replay,
  tls,
  serve,
  artifacts,
  audit,
  rules,
  doctor,
  config,
  demo,
  completion(() => commands),
];
