#!/usr/bin/env node
/** The `gofire` program. A version question must not pay for the rest, so that is loaded only then. */
const version = process.env.GOFIRE_VERSION ?? "development";
const words = process.argv.slice(2);

if (words.length === 1 && (words[0] === "--version" || words[0] === "-V")) {
  process.stdout.write(`gofire ${version}\n`);
} else {
  process.on("uncaughtException", crashed);
  void run();
}

async function run(): Promise<void> {
  // Until there is an answer: whoever ends without one has not passed.
  process.exitCode = 3;
  const { runCommand } = await import("./terminal.ts");
  process.exitCode = await runCommand(words, version);
}

/** Node would end with 1, which says that there are findings. */
function crashed(error: unknown): void {
  const stack = error instanceof Error ? error.stack : undefined;
  process.stderr.write(
    `gofire failed, and has no answer. That is a defect of gofire: please report it with what follows.\n${stack ?? String(error)}\n`,
  );
  process.exit(3);
}
