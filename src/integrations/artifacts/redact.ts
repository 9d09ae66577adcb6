import { PortError } from "../../domain/errors.ts";
import { redactProfile } from "./redact-profile.ts";
import { redactText } from "./redact-text.ts";

/**
 * A capture's file without what may be secret, by its name in the bundle: profiles lose the texts of their labels, text
 * loses what looks like a secret. Anything else throws PortError `forbidden`: what cannot be redacted is not kept.
 * docs/guide/artifacts.md says what is and what is not taken out.
 */
export function redact(file: string, source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (file.endsWith(".pb.gz")) return redactProfile(source, file);
  // Compressed only on its way into the bundle.
  if (/\.(?:txt|json|html)(?:\.gz)?$/.test(file)) return redactText(source, file);
  return refused(file, source);
}

async function* refused(file: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await source[Symbol.asyncIterator]().return?.();
  yield* [];
  throw new PortError(
    "forbidden",
    file,
    "it cannot be redacted, so it is not kept (artifacts.redact is true)",
  );
}
