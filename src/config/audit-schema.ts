import * as z from "zod/mini";
import { atMostOne, environmentName, needed, section, setting, text } from "./schema-words.ts";

/** A key's name of c2sp.org/signed-note, as tlog-tiles wants it: an address without its scheme. */
const origin = z.string().check(
  z.regex(/^[A-Za-z0-9](?:[A-Za-z0-9.:-]*[A-Za-z0-9])?(?:\/[A-Za-z0-9._~-]+)*$/, {
    error:
      "must be like gofire.shop.example/audit: an address without https:// and without a slash at its end",
  }),
  z.maxLength(200, { error: "must have 200 characters at most" }),
);

const audit = section(
  {
    origin: needed(
      origin,
      "The log's name in its checkpoints; never changed later. The address that it has, or would have, without https://",
    ),
    keyEnv: setting(
      environmentName,
      "Environment variable that holds the Ed25519 key, PKCS#8 in PEM (openssl genpkey -algorithm ed25519). Default: one that is made once in the state folder",
    ),
    keyFile: setting(text, "File that holds the key"),
    public: setting(
      z.boolean(),
      "Whether everybody who reaches the listener of `gofire serve` may read the log at /audit/. Default: false",
    ),
  },
  atMostOne("keyEnv", "keyFile"),
);

/** The record of who approved and rolled back what. */
export const auditSections = {
  audit: setting(
    audit,
    "The audit log, in the state folder. Without this section there is none, and nothing can be approved",
  ),
};

export type AuditSection = z.infer<typeof audit>;
