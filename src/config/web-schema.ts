import * as z from "zod/mini";
import { atMostOne, environmentName, section, setting, text } from "./schema-words.ts";

const address = z.string().check(
  z.regex(/^https?:\/\/[^\s/?#@]+\/?$/, {
    error: "must look like https://gofire.example.com, without a path",
  }),
);

const web = section(
  {
    url: setting(
      address,
      "Address at which people reach the listener of `gofire serve`, behind your own TLS. Default: GOFIRE_URL; without it flame graphs come without a link",
    ),
    linkSecretEnv: setting(
      environmentName,
      "Environment variable that holds the secret that signs links, at least 32 characters. Default: GOFIRE_LINK_SECRET, else one in the state folder",
    ),
    linkSecretFile: setting(text, "File that holds the secret"),
  },
  atMostOne("linkSecretEnv", "linkSecretFile"),
);

/** What people reach with a browser. */
export const webSections = {
  web: setting(web, "Flame graphs in the browser: where people reach gofire, and what signs the links"),
};

export type WebSection = z.infer<typeof web>;
