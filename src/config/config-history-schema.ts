import * as z from "zod/mini";
import { isSafeForSecrets } from "../domain/configuration/git-address.ts";
import { atMostOne, conditionsOf, environmentName, needed, section, setting, text } from "./schema-words.ts";

/** An address that git can fetch from, or a folder; never something that git takes for an option or a helper to run. */
const repository = text.check(
  z.regex(/^(?!-)(?!.*::)\S(?:.*\S)?$/, {
    error:
      "must be a folder, or an address like https://git.example.com/shop/config.git or git@git.example.com:shop/config.git",
  }),
);

/** Git refuses the rest (git-scm.com/docs/git-check-ref-format). */
const refName = (what: string, stars: string) =>
  z
    .string()
    .check(
      z.regex(new RegExp(`^(?![-/.])(?!.*\\.\\.)(?!.*//)[\\w./@+${stars}-]+$`), { error: `is not ${what}` }),
    );

/** A token goes nowhere where others could read it on the way. */
const tokenNeedsHttps = {
  check: z.check<Readonly<Record<string, unknown>>>(({ value, issues }) => {
    const { repository: address } = value;
    for (const name of ["tokenEnv", "tokenFile"]) {
      if (value[name] === undefined || (typeof address === "string" && isSafeForSecrets(address))) continue;
      const message = "needs a repository whose address begins with https://";
      issues.push({ code: "custom", message, path: [name], input: value });
    }
  }),
  jsonSchema: {
    if: { anyOf: [{ required: ["tokenEnv"] }, { required: ["tokenFile"] }] },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema
    then: {
      properties: {
        repository: {
          type: "string",
          pattern:
            "^[Hh][Tt][Tt][Pp][Ss]://|^[Hh][Tt][Tt][Pp]://(?:127\\.0\\.0\\.1|localhost|\\[::1\\])(?::\\d+)?/",
        },
      },
    },
  },
};

const userNeedsToken = {
  check: z.check<Readonly<Record<string, unknown>>>(({ value, issues }) => {
    const { tokenUser: user, tokenEnv, tokenFile } = value;
    if (user === undefined || tokenEnv !== undefined || tokenFile !== undefined) return;
    issues.push({
      code: "custom",
      message: "needs tokenEnv or tokenFile too",
      path: ["tokenUser"],
      input: value,
    });
  }),
  jsonSchema: {
    dependentSchemas: { tokenUser: { anyOf: [{ required: ["tokenEnv"] }, { required: ["tokenFile"] }] } },
  },
};

const tokenUser = z.string().check(z.regex(/^[^\s:]+$/, { error: "must be a user's name, without a colon" }));

const configHistory = section(
  {
    repository: needed(
      repository,
      "A checkout or bare repository, relative to this file, or an address that git can fetch from without asking anybody",
    ),
    branch: setting(
      refName("the name of a branch", ""),
      "Its branch. Default: the one that is checked out there",
    ),
    tags: setting(
      refName("a pattern of tags", "*?"),
      "Which annotated tags say that a change was released, e.g. v*-prod-*. Default: all of them",
    ),
    tokenEnv: setting(
      environmentName,
      "Environment variable that holds a token that may read the repository by https",
    ),
    tokenFile: setting(text, "File that holds the token; it is read for each fetch"),
    tokenUser: setting(
      tokenUser,
      "Name that the token is sent with. Default: x-access-token, which is GitHub's; Bitbucket Cloud has x-token-auth",
    ),
  },
  atMostOne("tokenEnv", "tokenFile"),
  tokenNeedsHttps,
  userNeedsToken,
);

/** A path that leads nowhere else. */
const repositoryPath = z.string().check(
  z.regex(/^(?![/-])(?!(?:.*\/)?\.\.(?:\/|$))[^\n\r]+$/, {
    error: 'must be the path of a file or folder in the repository, without "/" in front and without ".."',
  }),
);

/** What no rollback does without, or would do in vain. */
const rollback = section(
  {
    push: needed(
      z.enum(["branch", "proposal"]),
      "`branch`: a rollback is pushed onto configHistory.branch. `proposal`: beside it, as gofire/rollback-ID, for people to merge",
    ),
    tokenEnv: setting(
      environmentName,
      "Environment variable that holds a token that may write to the repository by https. Default: that of configHistory",
    ),
    tokenFile: setting(text, "File that holds the token; it is read each time"),
    tokenUser: setting(tokenUser, "Name that the token is sent with. Default: x-access-token"),
    verifyWithin: setting(
      // Nothing is measured before a minute, and a capture takes its time.
      z.string().check(
        z.regex(/^(?:(?:[2-9]|[1-9]\d{1,2})m|(?:1[2-9]\d|[2-9]\d{2}|[1-9]\d{3})s)$/, {
          error: "must be a time like 10m or 150s, at least 2m",
        }),
      ),
      "How long after a rollback gofire captures again to see whether it helped. Default: 10m",
    ),
  },
  atMostOne("tokenEnv", "tokenFile"),
  userNeedsToken,
);

/** At least one of them. */
export const configFiles = z
  .array(repositoryPath)
  .check(z.refine((named) => named.length > 0, { error: "must name at least one path" }));
conditionsOf.add(configFiles, { allOf: [{ minItems: 1 }] });

/** Which files of the repository are a service's. */
export const configPathsSetting = setting(
  configFiles,
  "Files and folders of the repository named under `configHistory` that hold the service's configuration",
);

/** Where configuration is kept, so that cards can say what changed before a page. */
export const configHistorySections = {
  configHistory: setting(
    configHistory,
    "The Git repository that configuration is kept in; it is only read, unless there is a section `rollback`",
  ),
  rollback: setting(
    rollback,
    "Lets two people roll configuration back from the chat; without it gofire never writes to the repository",
  ),
};
