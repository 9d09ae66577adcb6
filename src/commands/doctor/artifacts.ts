import { once } from "node:events";
import type { GofireConfig } from "../../config/gofire-config.ts";
import { reasonOf, UsageError } from "../../domain/errors.ts";
import { oneChunk } from "../../domain/one-chunk.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { CommandContext, Ports } from "../context.ts";
import type { DoctorCheck } from "../reply.ts";
import { stateFolder } from "../state-folder.ts";

const name = "artifacts";
const checkWithinMs = 15_000;

/** Where `gofire serve` would keep evidence: whether it can be written, read back and deleted. Nothing where nobody serves. */
export async function artifactChecks(
  config: GofireConfig | undefined,
  context: CommandContext,
  ports: Pick<Ports, "host" | "artifacts">,
): Promise<readonly DoctorCheck[]> {
  const host = await ports.host();
  if (config?.slack === undefined && host.environment("SLACK_BOT_TOKEN") === undefined) return [];
  const where = placeOf(config);
  context.progress(`Writing to ${where}…`);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(checkWithinMs)]);
  try {
    await Promise.race([
      ports.artifacts(config, stateFolder(host)).then((artifacts) => roundTrip(artifacts, signal)),
      // Opening a place takes no signal, and some hang: a bucket behind a firewall, a network folder that is away.
      ended(signal),
    ]);
    return [{ name, state: "ok", detail: `${where} can be written to, read and deleted from` }];
  } catch (error) {
    context.signal.throwIfAborted();
    const why = signal.aborted ? `no answer within ${checkWithinMs / 1_000} s` : reasonOf(error);
    const next =
      error instanceof UsageError
        ? "gofire serve does not start until that is mended. docs/guide/artifacts.md"
        : nextOf(config);
    return [{ name, state: "failed", detail: `${where}: ${why}`, next }];
  }
}

async function ended(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  await once(signal, "abort");
  throw signal.reason;
}

/** Leaves nothing behind. Throws an error that says which step failed. */
async function roundTrip(artifacts: Artifacts, signal: AbortSignal): Promise<void> {
  const key = `doctor/${crypto.randomUUID()}.txt`;
  const said = `gofire doctor ${key}`;
  await step("cannot be written to", () =>
    artifacts.put(key, oneChunk(said), { contentType: "text/plain" }, signal),
  );
  let problem: unknown;
  try {
    await step("what was written cannot be read", async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of artifacts.get(key, signal)) chunks.push(chunk);
      if (Buffer.concat(chunks).toString("utf8") !== said) throw new Error("it is not what was written");
    });
  } catch (error) {
    problem = error;
  }
  await step(`${key} was written and cannot be deleted`, async () => {
    if ((await artifacts.remove(key, signal)) !== 1) throw new Error("it was gone already");
  });
  if (problem !== undefined) throw problem;
}

async function step(failing: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`${failing}: ${reasonOf(error)}`, { cause: error });
  }
}

function placeOf(config: GofireConfig | undefined): string {
  const place = config?.artifacts.place;
  if (place?.kind === "s3") return `s3://${place.bucket}/${place.prefix}`;
  return place?.path ?? "the artifacts in the state folder";
}

function nextOf(config: GofireConfig | undefined): string {
  return config?.artifacts.place.kind === "s3"
    ? "gofire needs s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects. docs/guide/artifacts.md"
    : "The folder has to be writable for the user that runs gofire serve: artifacts.folder in gofire.yaml, or GOFIRE_STATE.";
}
