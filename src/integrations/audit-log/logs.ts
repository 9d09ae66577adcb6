import { normalize } from "node:path";
import type { Signer } from "../../audit/keys.ts";
import { PortError } from "../../domain/errors.ts";
import type { AuditLogs, AuditSigning } from "../../ports/audit-log.ts";
import { keptLog } from "./kept-log.ts";
import { folderFiles } from "./log-folder.ts";
import { configuredSigner, keptSigner } from "./signing-key.ts";
import { urlFiles } from "./url-files.ts";

/** `userAgent` lets those who serve a log see who asked. */
export function auditLogs({ userAgent = "gofire" }: { readonly userAgent?: string } = {}): AuditLogs {
  return {
    async keep(folder, signing) {
      const signer = await signerFor(signing, { make: true });
      if (signer === undefined)
        throw new PortError("unavailable", signing.stateFolder, "the audit log's key vanished");
      return keptLog(folder, signer);
    },
    verifierOf: async (signing) => (await signerFor(signing, { make: false }))?.verifier.text,
    files: (where) =>
      /^https?:\/\//i.test(where) ? urlFiles(where, userAgent) : folderFiles(normalize(where)),
  };
}

/** With the key that gofire.yaml names, or else that of the state folder. */
async function signerFor(
  { origin, pem, stateFolder, at }: AuditSigning,
  when: { readonly make: boolean },
): Promise<Signer | undefined> {
  return pem === undefined ? await keptSigner(origin, stateFolder, when) : configuredSigner(origin, pem, at);
}
