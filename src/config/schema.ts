import * as z from "zod/mini";
import { askedKinds, optionalKinds } from "../domain/evidence/capture.ts";
import { alertSections, channelSetting, matchSetting, shadowSetting } from "./alerts-schema.ts";
import { artifactSections } from "./artifacts-schema.ts";
import { auditSections } from "./audit-schema.ts";
import { chatSections } from "./chat-schema.ts";
import { configHistorySections, configPathsSetting } from "./config-history-schema.ts";
import { discoverSections, discoverSetting } from "./discover-schema.ts";
import { gateSections } from "./gate-schema.ts";
import { prometheusSections, seriesSetting } from "./prometheus-schema.ts";
import {
  absolutePath,
  atMostOne,
  exactlyOne,
  octet,
  port,
  section,
  setting,
  text,
  webUrl,
  wholeNumber,
} from "./schema-words.ts";
import { webAccess } from "./web-access-schema.ts";
import { webSections } from "./web-schema.ts";

/** How a process is reached, apart from where it is. */
const reach = {
  pprofPath: setting(absolutePath, "Where the pprof index is. Default: /debug/pprof/"),
  metricsPath: setting(absolutePath, "Where the Prometheus scrape is. Default: /metrics"),
  expvarPath: setting(absolutePath, "Where expvar is. Default: /debug/vars"),
  profileRatesPath: setting(
    absolutePath,
    "Where the process lends the rates of its profiles, usually /debug/gofire/profile-rates. Default: nowhere",
  ),
  ...webAccess,
};

const target = section(
  {
    url: setting(webUrl, "Where the debug endpoints are, for example http://10.0.0.5:6060"),
    unixSocket: setting(absolutePath, "Unix socket that the debug endpoints listen on"),
    instance: setting(text, "Name for people. Default: host and port"),
    metricsUrl: setting(webUrl, "Where the scrape is when it is at another address"),
    ...reach,
  },
  exactlyOne("url", "unixSocket"),
  atMostOne("metricsPath", "metricsUrl"),
);

/** Rule id -> threshold name -> limit. Ids and names are checked against the rules by rule-limits.ts. */
export const thresholdsSchema = z.record(z.string(), z.record(z.string(), z.number().check(z.gte(0))));

const capture = section({
  cpuSeconds: setting(wholeNumber(0, 300), "Length of the CPU profile; 0 takes none"),
  blockSeconds: setting(
    wholeNumber(0, 45),
    "How long waits are recorded where profileRatesPath is set; 0 records none",
  ),
  gapSeconds: setting(
    z.number().check(z.gte(0), z.lte(600)),
    "Least time between the two goroutine profiles",
  ),
  traceSeconds: setting(wholeNumber(1, 30), "Length of an execution trace"),
  deadlineSeconds: setting(z.number().check(z.gte(1), z.lte(3600)), "A capture ends then with what it has"),
  maxBytes: setting(wholeNumber(1 << 20, 2 ** 32), "Most bytes of one file of a capture"),
  dumpLimit: setting(
    wholeNumber(0, 100_000_000),
    "Most goroutines for which a goroutine dump, which stops the world, is taken",
  ),
  include: setting(z.array(z.enum(optionalKinds)), "Captures to take besides the usual"),
  exclude: setting(z.array(z.enum(askedKinds)), "Captures to leave out"),
});

const modulePath = z.string().check(z.regex(/^[\w~-][\w.~/-]*$/, { error: "is not a Go import path" }));

/** What holds for a service as well as for all of them. */
const settings = {
  eachTarget: setting(section(reach), "What holds for each target that does not say otherwise"),
  modules: setting(
    z.array(modulePath),
    "Import paths of modules that are the service's own code, besides its main module",
  ),
  thresholds: setting(
    thresholdsSchema,
    "Limits of rules: rule id, then threshold name. `gofire rules explain ID` lists them",
  ),
  capture: setting(capture, "How captures are taken"),
};

const serviceName = z.string().check(
  z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    error: "is not a service's name: letters, digits, dots and dashes",
  }),
);

/** Same grammar as src/capture/allow.ts, which has the last word. */
const targetPattern = z.string().check(
  z.regex(
    new RegExp(
      `^(?:unix:/\\S+|(?:https?://)?(?:\\[[0-9A-Fa-f:.]+\\]|(?:${octet}\\.){3}${octet}/(?:[12]?\\d|3[0-2])|[A-Za-z0-9*._-]+)(?::${port})?)$`,
    ),
    {
      error: 'must be host:port with "*" inside a label, an IPv4 range like 10.0.0.0/8:6060, or unix:/path',
    },
  ),
);

const tlsPattern = z
  .string()
  .check(
    z.regex(
      new RegExp(
        `^(?:\\[[0-9A-Fa-f:.]+\\]|(?:${octet}\\.){3}${octet}/(?:[12]?\\d|3[0-2])|[A-Za-z0-9*._-]+)(?::${port})?$`,
      ),
      { error: 'must be host or host:port with "*" inside a label, or an IPv4 range like 10.0.0.0/8:8443' },
    ),
  );

const service = section({
  targets: setting(z.array(target), "The processes that run the service"),
  discover: discoverSetting,
  match: matchSetting,
  channel: channelSetting,
  shadow: shadowSetting,
  prometheus: seriesSetting,
  config: configPathsSetting,
  ...settings,
});

const allow = section({
  tls: setting(
    z.array(tlsPattern),
    "TLS ports that people may have looked at from the chat, besides the hosts of the targets named above; no port means 443. Default: none",
  ),
  targets: setting(
    z.array(targetPattern),
    "Addresses that may be captured besides the targets named above. Default: none",
  ),
});

// Compiled validators pay off from the second parse on; a configuration is parsed once.
z.config({ jitless: true });

/** `gofire.yaml` as people write it. Later sections (routing) are added here. */
export const configSchema = section({
  services: setting(z.record(serviceName, service), "Go services by name"),
  defaults: setting(section(settings), "What holds for every service that does not say otherwise"),
  allow: setting(allow, "What may be done"),
  ...chatSections,
  ...alertSections,
  ...artifactSections,
  ...prometheusSections,
  ...configHistorySections,
  ...gateSections,
  ...discoverSections,
  ...webSections,
  ...auditSections,
});

export type ConfigFile = z.infer<typeof configSchema>;
type ServiceSection = NonNullable<ConfigFile["services"]>[string];
export type SettingsSection = Pick<ServiceSection, "modules" | "thresholds" | "capture">;
export type ReachSection = NonNullable<ServiceSection["eachTarget"]>;
export type TargetSection = NonNullable<ServiceSection["targets"]>[number];
