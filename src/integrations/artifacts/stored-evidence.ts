import { type ManifestCapture, manifestFile, readManifest } from "../../capture/manifest.ts";
import { PortError } from "../../domain/errors.ts";
import type { CaptureRecord } from "../../domain/evidence/capture.ts";
import type { Artifacts } from "../../ports/artifacts.ts";
import type { EvidenceSource } from "../../ports/evidence-source.ts";
import { parseStream } from "./parse-bytes.ts";
import { type Input, type Opened, readCaptures } from "./read-captures.ts";

const mostManifestBytes = 8 << 20;
/** Where artifacts are far away, each is a wait of its own. */
const readAtOnce = 4;

/**
 * Captures among the artifacts. Paths are key prefixes of bundles, which are parsed as they come. Throws PortError when the
 * store cannot be reached: asked again it may be there.
 */
export function storedEvidence(artifacts: Artifacts): EvidenceSource {
  return {
    async read(prefixes, settings, signal) {
      let away: PortError | undefined;
      const places: Opened[] = [];
      for (const prefix of prefixes) {
        places.push(await opened(artifacts, prefix, (error) => void (away ??= error), signal));
      }
      const read = await readCaptures(places, settings, readAtOnce, signal);
      if (away !== undefined) throw away;
      return read;
    },
  };
}

async function opened(
  artifacts: Artifacts,
  prefix: string,
  onAway: (error: PortError) => void,
  signal: AbortSignal,
): Promise<Opened> {
  function inputOf(record: ManifestCapture): Input | CaptureRecord {
    const { file } = record;
    const hashed = record.sha256 !== undefined;
    if (file === undefined) return record;
    const path = `${prefix}${file}`;
    // The manifest has the size as it is stored; of what is compressed that is no hint.
    const expectedBytes = file.endsWith(".gz") ? undefined : record.bytes;
    return {
      path,
      name: file,
      record,
      async parse(parserFor, ending) {
        try {
          const chunks = artifacts.get(path, ending);
          return await parseStream(chunks, () => parserFor(expectedBytes), { signal: ending, hashed });
        } catch (error) {
          if (error instanceof PortError && isAway(error)) onAway(error);
          throw error;
        }
      },
    };
  }

  const path = `${prefix}${manifestFile}`;
  try {
    const reading = readManifest(await manifestText(artifacts, path, signal));
    if (!reading.ok) return nothing(reading.errors.map((problem) => `${path}: ${problem}`).join("\n"));
    const { captures, target, blockLease } = reading.manifest;
    return {
      captures: captures.map(inputOf),
      target,
      ...(blockLease === undefined ? {} : { blockLease }),
      problems: [],
    };
  } catch (error) {
    if (!(error instanceof PortError) || isAway(error)) throw error;
    return nothing(`${path}: ${error.message}`);
  }
}

function nothing(problem: string): Opened {
  return { captures: [], problems: [problem], unread: true };
}

function isAway(error: PortError): boolean {
  return ["unavailable", "timeout", "rate-limited"].includes(error.code);
}

async function manifestText(artifacts: Artifacts, key: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of artifacts.get(key, signal)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostManifestBytes)
      throw new PortError("bad-response", key, `${key}: larger than ${mostManifestBytes} bytes`);
  }
  return Buffer.concat(chunks).toString("utf8");
}
