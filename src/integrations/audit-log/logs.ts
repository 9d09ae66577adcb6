import { join } from "node:path";
import { PortError } from "../../domain/errors.ts";
import type { AuditLogs } from "../../ports/audit-log.ts";
import { keptLog } from "./kept-log.ts";
import { folderFiles } from "./log-folder.ts";
import { configuredSigner, keptSigner } from "./signing-key.ts";
import { urlFiles } from "./url-files.ts";

/** `userAgent` lets those who serve a log see who asked. */
export function auditLogs({ userAgent = "gofire" }: { readonly userAgent?: string } = {}): AuditLogs {
  return {
    async keep(folder, { origin, pem, stateFolder, at }) {
      const signer =
        pem === undefined
          ? await keptSigner(origin, stateFolder, { make: true })
          : configuredSigner(origin, pem, at);
      if (signer === undefined)
        throw new PortError("unavailable", stateFolder, "the audit log's key vanished");
      return keptLog(folder, signer);
    },
    async verifierOf({ origin, pem, stateFolder, at }) {
      const signer =
        pem === undefined
          ? await keptSigner(origin, stateFolder, { make: false })
          : configuredSigner(origin, pem, at);
      return signer?.verifier.text;
    },
    files: (where) => (/^https?:\/\//i.test(where) ? urlFiles(where, userAgent) : folderFiles(join(where))),
  };
}
