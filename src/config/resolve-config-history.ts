import { resolve as resolvePath } from "node:path";
import { isGitAddress } from "../domain/configuration/git-address.ts";
import type { ConfigHistoryConfig, GofireConfig } from "./gofire-config.ts";
import type { FilePlace } from "./resolve.ts";
import { defined, optionalSecret } from "./resolve-words.ts";
import type { ConfigFile } from "./schema.ts";

const minuteMs = 60_000;
const usualVerifyMs = 10 * minuteMs;
/** GitHub's. */
const usualUser = "x-access-token";

interface TokenSettings {
  readonly tokenEnv?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly tokenUser?: string | undefined;
}

export function configHistoryOf(
  { repository, branch, tags, ...token }: NonNullable<ConfigFile["configHistory"]>,
  { file, folder }: FilePlace,
): ConfigHistoryConfig {
  return {
    at: `${file}: configHistory`,
    repository: isGitAddress(repository) ? repository : resolvePath(folder, repository),
    ...defined({ branch, tags }),
    ...credentialsOf(token, folder),
  };
}

/** Nothing where the file does not let gofire write; that repository and branch are named has been checked. */
export function rollbackOf(
  { configHistory, rollback }: Pick<ConfigFile, "configHistory" | "rollback">,
  place: FilePlace,
): Pick<GofireConfig, "rollback"> {
  if (configHistory?.branch === undefined || rollback === undefined) return {};
  const { repository, credentials } = configHistoryOf(configHistory, place);
  const { push, verifyWithin, ...token } = rollback;
  return {
    rollback: {
      at: `${place.file}: rollback`,
      repository,
      branch: configHistory.branch,
      push,
      ...(credentials === undefined ? {} : { credentials }),
      ...credentialsOf(token, place.folder),
      verifyWithinMs: verifyWithin === undefined ? usualVerifyMs : msOf(verifyWithin),
    },
  };
}

function credentialsOf(
  { tokenEnv, tokenFile, tokenUser = usualUser }: TokenSettings,
  folder: string,
): Pick<ConfigHistoryConfig, "credentials"> {
  const token = optionalSecret(tokenEnv, tokenFile, folder);
  return token === undefined ? {} : { credentials: { user: tokenUser, token } };
}

function msOf(text: string): number {
  return Number.parseInt(text, 10) * (text.endsWith("m") ? minuteMs : 1_000);
}
