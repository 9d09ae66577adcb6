import type { ConfigHistoryConfig, GofireConfig } from "../../config/gofire-config.ts";
import type { ConfigCatalog, ConfigHistory } from "../../ports/config-history.ts";
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
    ...(credentials === undefined
      ? {}
      : {
          credentials: async () => ({
            user: credentials.user,
            token: await readSecret(credentials.token, host, at),
          }),
        }),
  };
  return (await ports.configHistories()).open(place, stateFolder(host));
}

/** Which files of the repository are a service's; undefined where gofire.yaml names no repository. */
export async function configCatalog(
  config: GofireConfig | undefined,
  ports: Pick<Ports, "configHistories">,
  host: Host,
): Promise<ConfigCatalog | undefined> {
  if (config?.configHistory === undefined) return undefined;
  // One for all: what is fetched is fetched once.
  const history = await openConfigHistory(config.configHistory, ports, host);
  return {
    of(service) {
      const paths = service === undefined ? undefined : config.services[service]?.configPaths;
      return paths === undefined ? undefined : { history, paths };
    },
    close: () => history.close(),
  };
}
