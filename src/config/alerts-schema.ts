import * as z from "zod/mini";
import {
  atMostOne,
  environmentName,
  exactlyOne,
  hostAndPort,
  labelSet,
  needed,
  needing,
  section,
  setting,
  text,
  wholeNumber,
} from "./schema-words.ts";

const headerName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9-]+$/, { error: "is not the name of a header: letters, digits and dashes" }));

const grafana = section(
  {
    secretEnv: setting(
      environmentName,
      "Environment variable that holds the secret of Grafana's HMAC signature",
    ),
    secretFile: setting(text, "File that holds it"),
    header: setting(headerName, "Header of the signature. Default: X-Grafana-Alerting-Signature"),
    timestampHeader: setting(
      headerName,
      "Header of the time that is signed, too; without it a request can be sent again by others. Default: none",
    ),
  },
  exactlyOne("secretEnv", "secretFile"),
);

const channelId = z.string().check(
  z.regex(/^[CG][A-Z0-9]{2,}$/, {
    error: "must be the id of a channel, like C0EAQDV4Z: it is at the end of the channel's About tab",
  }),
);

const tls = section(
  {
    certFile: needed(text, "PEM file of the listener's certificate, with those between it and its authority"),
    keyFile: needed(text, "PEM file of its key"),
    passphraseEnv: setting(environmentName, "Environment variable that holds the key's passphrase"),
    passphraseFile: setting(text, "File that holds the key's passphrase"),
    clientCaFile: setting(
      text,
      "PEM file of the authorities of clients (mTLS): who shows no certificate of theirs is refused at the handshake. Default: none is asked for",
    ),
    clientNames: setting(
      z.array(text).check(z.minLength(1, { error: "must name at least one" })),
      "Which of these clients: common names, DNS names or URIs (spiffe://…) of their certificates, each in full. Default: all",
    ),
  },
  atMostOne("passphraseEnv", "passphraseFile"),
  needing("clientNames", "clientCaFile"),
);

const messages = section({
  channels: needed(z.array(channelId), "Channels that pages are posted into"),
  senders: needed(
    z.array(text),
    "Who posts them: bot ids (B…), app ids (A…), or the name of an app or that an incoming webhook gives itself, e.g. Alertmanager",
  ),
});

export const labelMatches = labelSet(
  z.string().check(
    z.refine((value) => !value.startsWith("~") || isPattern(value.slice(1)), {
      error: 'is not a regular expression, which a value that begins with "~" has to be',
    }),
  ),
);

const route = section({
  match: needed(
    labelMatches,
    'Labels that one of the alerts has to have, all of them. "~" before a value makes it a regular expression for the whole value',
  ),
  channel: needed(channelId, "Channel that such pages are answered in"),
});

const storm = section({
  pages: setting(
    wholeNumber(2, 100_000),
    "So many pages that begin in one channel within withinSeconds get one digest instead of a card each. Default: 10",
  ),
  withinSeconds: setting(z.number().check(z.gte(1), z.lte(3_600)), "Default: 60"),
  quietSeconds: setting(
    z.number().check(z.gte(1), z.lte(86_400)),
    "The storm is over once no page has begun for so long. Default: 300",
  ),
});

const alerts = section(
  {
    channel: needed(channelId, "Channel for the cards of pages that nobody posted into the chat"),
    routes: setting(
      z.array(route),
      "Other channels for pages of certain labels; the first that fits counts. Without one: the service's channel, then the one above",
    ),
    messages: setting(messages, "Pages that others post into the chat: they are answered in their threads"),
    listen: setting(
      hostAndPort("0.0.0.0:8443"),
      "Address for senders alone, instead of that of `gofire serve --listen`",
    ),
    tls: setting(
      tls,
      "TLS of that address. The files are read again when they change, and are relative to this one",
    ),
    bearerEnv: setting(
      environmentName,
      "Environment variable that holds the token which Alertmanager sends (http_config.authorization.credentials)",
    ),
    bearerFile: setting(text, "File that holds it"),
    grafana: setting(grafana, "Grafana's signature, instead of the token or besides it"),
    comparePeers: setting(
      z.boolean(),
      "Whether a page also has another process of its service captured, briefly and after the verdict, to say what only the sick one shows. People may ask for it in any case. Default: true",
    ),
    shadow: setting(
      z.boolean(),
      "Pages are captured and judged, and nothing of it is posted: `/gofire status` lists what would have been. A service may say otherwise. Default: false",
    ),
    storm: setting(storm, "When pages are so many that they get one digest, worst first"),
  },
  atMostOne("bearerEnv", "bearerFile"),
  needing("tls", "listen"),
);

/** Which alerts are about a service. */
export const matchSetting = setting(
  z.array(labelMatches),
  'Labels of the alerts that are about the service: all labels of one entry, any entry. "~" before a value makes it a regular expression for the whole value. Default: service, app, app_kubernetes_io_name, application, deployment or job is the service\'s name',
);

/** Where a service's pages are answered. */
export const channelSetting = setting(
  channelId,
  "Channel for the cards of its pages, unless a route of alerts.routes fits. Default: alerts.channel",
);

/** Whether a service's pages are answered in silence. */
export const shadowSetting = setting(
  z.boolean(),
  "Whether its pages are captured and judged without a word in the chat. Default: alerts.shadow",
);

/** What `gofire serve` reads of alerts. */
export const alertSections = { alerts: setting(alerts, "Pages that gofire answers") };

export type AlertsSection = z.infer<typeof alerts>;

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
