import { resolve as resolvePath } from "node:path";
import { isSafeForSecrets } from "../domain/configuration/git-address.ts";
import { looksLikeSecret } from "../domain/configuration/secret-shapes.ts";
import type { GofireConfig } from "./gofire-config.ts";
import { mistakesOf, quoted } from "./issues.ts";
import { ConfigError, type ConfigMistake } from "./mistake.ts";
import { resolveConfig } from "./resolve.ts";
import { type KnownRule, limitMistakes } from "./rule-limits.ts";
import { type ConfigFile, configSchema } from "./schema.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/**
 * Reads the text of a configuration file. `file` names it in messages; paths in it are relative to `folder`.
 *
 * Throws ConfigError with every mistake that could be found: of the YAML when it cannot be read, else of settings,
 * of secrets that stand in it, and of thresholds that none of `rules` has.
 */
export function parseConfig(
  source: string,
  file: string,
  folder: string,
  rules: readonly KnownRule[],
): GofireConfig {
  const read = readYaml(source);
  if ("mistakes" in read) throw new ConfigError(file, read.mistakes);
  const { yaml } = read;
  const checked = configSchema.safeParse(yaml.value ?? {});
  const mistakes = [...pastedSecrets(yaml)];
  if (!checked.success) {
    mistakes.push(...mistakesOf(checked.error.issues, configSchema, yaml));
    throw new ConfigError(file, oneForEachPlace(mistakes));
  }
  mistakes.push(
    ...limitMistakes(checked.data, rules, yaml),
    ...sameInstances(checked.data, yaml),
    ...strayDiscovery(checked.data, yaml),
    ...strayConfigPaths(checked.data, yaml),
    ...strayRollback(checked.data, yaml),
  );
  if (mistakes.length > 0) throw new ConfigError(file, oneForEachPlace(mistakes));
  return resolveConfig(checked.data, {
    file,
    folder: resolvePath(folder),
    targetAt(service, index) {
      const { line, column } = yaml.valueAt(["services", service, "targets", index]);
      return `${file}:${line}:${column}`;
    },
    discoverAt(service) {
      const { line, column } = yaml.nameAt(["services", service, "discover"]);
      return `${file}:${line}:${column}`;
    },
  });
}

function pastedSecrets(yaml: YamlText): ConfigMistake[] {
  return yaml.texts
    .filter(({ text }) => looksLikeSecret(text))
    .map(({ line, column }) => ({
      line,
      column,
      message:
        "this looks like a secret, and secrets do not stand in this file: name an environment variable or a file",
    }));
}

/** Two targets that people could not tell apart. */
function sameInstances(config: ConfigFile, yaml: YamlText): ConfigMistake[] {
  return Object.entries(config.services ?? {}).flatMap(([service, { targets = [] }]) => {
    const seen = new Set<string>();
    return targets.flatMap(({ instance }, index) => {
      if (instance === undefined) return [];
      if (!seen.has(instance)) {
        seen.add(instance);
        return [];
      }
      const path = ["services", service, "targets", index, "instance"];
      return [{ ...yaml.valueAt(path), message: `${quoted(path)} is the name of another target too` }];
    });
  });
}

/** What `discover` needs elsewhere in the file, and what would have no effect beside it. */
function strayDiscovery(config: ConfigFile, yaml: YamlText): ConfigMistake[] {
  return Object.entries(config.services ?? {}).flatMap(
    ([service, { discover, targets = [], eachTarget }]) => {
      const path = ["services", service, "discover"];
      if (discover?.prometheus !== undefined && config.prometheus === undefined) {
        const message = `${quoted([...path, "prometheus"])} needs the section "prometheus", which says where that is`;
        return [{ ...yaml.nameAt([...path, "prometheus"]), message }];
      }
      // Those of `defaults` are for other services.
      if (discover?.kubernetes?.via !== "apiServer" || targets.length > 0) return [];
      return (["headers", "auth", "tls", "proxy"] as const).flatMap((name) => {
        if (eachTarget?.[name] === undefined) return [];
        const own = ["services", service, "eachTarget", name];
        const message = `${quoted(own)} is for the process itself, and its pods are asked through the API server, which it would go to instead: leave it out, or ask pods at their own addresses`;
        return [{ ...yaml.nameAt(own), message }];
      });
    },
  );
}

/** Paths of a repository that the file does not name. */
function strayConfigPaths(config: ConfigFile, yaml: YamlText): ConfigMistake[] {
  if (config.configHistory !== undefined) return [];
  return Object.entries(config.services ?? {}).flatMap(([service, { config: paths }]) => {
    if (paths === undefined) return [];
    const path = ["services", service, "config"];
    const message = `${quoted(path)} needs the section "configHistory", which says where the repository is`;
    return [{ ...yaml.nameAt(path), message }];
  });
}

/** What a rollback would be written to. */
function strayRollback(
  { access, audit, configHistory, rollback }: ConfigFile,
  yaml: YamlText,
): ConfigMistake[] {
  if (rollback === undefined) return [];
  const path = ["rollback"];
  if (configHistory?.branch === undefined) {
    const message = `${quoted(path)} needs "configHistory" with a "branch", which says where rollbacks are made`;
    return [{ ...yaml.nameAt(path), message }];
  }
  if (audit === undefined) {
    const message = `${quoted(path)} needs the section "audit": nothing is rolled back that no log keeps`;
    return [{ ...yaml.nameAt(path), message }];
  }
  if (access?.rollback === undefined && access?.defaults === undefined) {
    const message = `${quoted(path)} needs "access.rollback", which says who may ask for rollbacks and agree to them`;
    return [{ ...yaml.nameAt(path), message }];
  }
  return (["tokenEnv", "tokenFile"] as const).flatMap((name) => {
    if (rollback[name] === undefined || isSafeForSecrets(configHistory.repository)) return [];
    const own = [...path, name];
    const message = `${quoted(own)} needs a configHistory.repository whose address begins with https://`;
    return [{ ...yaml.nameAt(own), message }];
  });
}

/** A pasted secret is often malformed as well; one sentence is enough. */
function oneForEachPlace(mistakes: readonly ConfigMistake[]): ConfigMistake[] {
  const seen = new Set<string>();
  return mistakes.filter(({ line, column }) => {
    const place = `${line}:${column}`;
    const isFirst = !seen.has(place);
    seen.add(place);
    return isFirst;
  });
}
