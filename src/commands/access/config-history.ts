import type { ConfigHistoryConfig, GofireConfig, RollbackConfig } from "../../config/gofire-config.ts";
import type { ConfigCatalog, ConfigHistory, HistoryPlace } from "../../ports/config-history.ts";
import type { ConfigWriter } from "../../ports/config-writer.ts";
import type { Host } from "../../ports/host.ts";
import type { Ports } from "../context.ts";
import { stateFolder } from "../state-folder.ts";
import { readSecret } from "./secret.ts";

/** The repository of gofire.yaml; the caller closes it. */
export async function openConfigHistory(
  { at, repository, branch, tags, credentials }: ConfigHistoryConfig,
  ports: Pick<Ports, "configHistories">,
  host: Host,
): Promise<ConfigHistory> {
  const place = {
    repository,
    ...(branch === undefined ? {} : { branch }),
    ...(tags === undefined ? {} : { tags }),
    ...credentialsOf({ at, credentials }, host),
  };
  return (await ports.configHistories()).open(place, stateFolder(host));
}

/** Where gofire.yaml lets rollbacks be written to; the caller closes it. */
export async function openConfigWriter(
  { at, repository, branch, push, credentials }: RollbackConfig,
  ports: Pick<Ports, "configWriters">,
  host: Host,
): Promise<ConfigWriter> {
  const place = { repository, branch, push, ...credentialsOf({ at, credentials }, host) };
  return (await ports.configWriters()).open(place, stateFolder(host));
}

function credentialsOf(
  { at, credentials }: { readonly at: string; readonly credentials: ConfigHistoryConfig["credentials"] },
  host: Host,
): Pick<HistoryPlace, "credentials"> {
  if (credentials === undefined) return {};
  const { user, token } = credentials;
  return { credentials: async () => ({ user, token: await readSecret(token, host, at) }) };
}

/** Which files of the repository are a service's; undefined where gofire.yaml names no repository. */
export async function configCatalog(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "configHistories" | "configWriters">,
  host: Host,
): Promise<(ConfigCatalog & { readonly history: ConfigHistory }) | undefined> {
  if (config?.configHistory === undefined) return undefined;
  // One for all: what is fetched is fetched once.
  const history = await openConfigHistory(config.configHistory, ports, host);
  const writer =
    config.rollback === undefined ? undefined : await openConfigWriter(config.rollback, ports, host);
  const write =
    writer === undefined || config.rollback === undefined
      ? {}
      : { writer, verify: { withinMs: config.rollback.verifyWithinMs } };
  return {
    history,
    of(service) {
      const paths = service === undefined ? undefined : config.services[service]?.configPaths;
      return paths === undefined ? undefined : { history, paths, ...write };
    },
    async close() {
      await Promise.all([history.close(), writer?.close()]);
    },
  };
}
