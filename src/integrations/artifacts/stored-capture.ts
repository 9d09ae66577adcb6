import type { ParsedArtifact } from "../../domain/evidence/artifact.ts";
import { artifactParser } from "../../parsers/artifact.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import { parseStream } from "./parse-bytes.ts";

/** Reads one capture among the artifacts; undefined when its content cannot be read. Throws PortError. */
export async function readStoredCapture(
  artifacts: Artifacts,
  key: string,
  signal: AbortSignal,
): Promise<ParsedArtifact | undefined> {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const { result } = await parseStream(artifacts.get(key, signal), () => artifactParser(name), { signal });
  return result.ok ? result.value : undefined;
}
