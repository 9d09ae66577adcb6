import * as z from "zod/mini";
import { isSecretHeader } from "../domain/configuration/secret-shapes.ts";
import {
  atMostOne,
  environmentName,
  exactlyOne,
  section,
  setting,
  text,
  together,
  webUrl,
} from "./schema-words.ts";

const secretReference = section(
  {
    env: setting(environmentName, "Environment variable that holds the secret"),
    file: setting(text, "File that holds the secret"),
  },
  exactlyOne("env", "file"),
);

const headers = z
  .record(
    z.string().check(z.regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: "is not the name of an HTTP header" })),
    z.union([z.string(), secretReference], {
      error: "must be text, or { env: NAME } or { file: PATH } for a secret",
    }),
  )
  .check(
    z.check(({ value, issues }) => {
      for (const [name, content] of Object.entries(value)) {
        if (typeof content !== "string" || !isSecretHeader(name)) continue;
        const message = "is a secret by its name: write { env: NAME } or { file: PATH } instead";
        issues.push({ code: "custom", message, path: [name], input: value });
      }
    }),
  );

const bearer = section(
  {
    tokenEnv: setting(environmentName, "Environment variable that holds the token"),
    tokenFile: setting(text, "File that holds the token"),
  },
  exactlyOne("tokenEnv", "tokenFile"),
);

const password = {
  passwordEnv: setting(environmentName, "Environment variable that holds the password"),
  passwordFile: setting(text, "File that holds the password"),
};

const auth = section(
  {
    bearer: setting(bearer, "Sends `Authorization: Bearer TOKEN`"),
    basic: setting(
      section({ user: text, ...password }, exactlyOne("passwordEnv", "passwordFile")),
      "User and password",
    ),
  },
  exactlyOne("bearer", "basic"),
);

const tls = section(
  {
    caFile: setting(text, "PEM file of the authorities to trust instead of the system's"),
    certFile: setting(text, "PEM file of gofire's own certificate (mTLS)"),
    keyFile: setting(text, "PEM file of its key"),
    passphraseEnv: setting(environmentName, "Environment variable that holds the key's passphrase"),
    passphraseFile: setting(text, "File that holds the key's passphrase"),
    serverName: setting(text, "Name to expect in the target's certificate"),
  },
  atMostOne("passphraseEnv", "passphraseFile"),
  together("certFile", "keyFile"),
);

const proxy = section(
  { url: webUrl, user: setting(text, "Name to log in to the proxy with"), ...password },
  atMostOne("passwordEnv", "passwordFile"),
);

/** How gofire proves to a server who it is, and which way it goes there. */
export const webAccess = {
  headers: setting(headers, "Request headers to send along"),
  auth: setting(auth, "How gofire proves who it is. Sent to the target's own address and nowhere else"),
  tls: setting(tls, "For https targets. Files are relative to this one"),
  proxy: setting(proxy, "HTTP proxy to go through; the environment's http_proxy is not used"),
};

const webAccessSection = section(webAccess);
export type WebAccessSection = z.infer<typeof webAccessSection>;
