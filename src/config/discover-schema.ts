import * as z from "zod/mini";
import { exactlyOne, section, setting, together, wholeNumber } from "./schema-words.ts";

const scheme = setting(z.enum(["http", "https"]), "How the processes are asked. Default: http");

const portNumber = wholeNumber(1, 65_535);

/** Labels of up to 63 characters (RFC 1035, section 2.3.4); the underscores are those of SRV (RFC 2782). */
const dnsName = z.string().check(
  z.regex(/^(?=.{1,253}\.?$)[A-Za-z0-9_]([\w-]{0,62})(?:\.[A-Za-z0-9_][\w-]{0,62})*\.?$/, {
    error: "is not a name of DNS: labels of letters, digits and dashes with dots between them",
  }),
);

const dns = section(
  {
    name: setting(
      dnsName,
      "Name whose every address (A, without any AAAA) is a process, written out in full, e.g. that of a headless service in Kubernetes: order.shop.svc.cluster.local",
    ),
    port: setting(portNumber, "Port of pprof at these addresses"),
    srv: setting(
      dnsName,
      "Instead of name and port: a name whose SRV records are the processes, e.g. _pprof._tcp.order.shop.svc.cluster.local",
    ),
    scheme,
  },
  exactlyOne("name", "srv"),
  together("name", "port"),
);

const discover = section({ dns: setting(dns, "Addresses of a name") }, exactlyOne("dns"));

/** Where a service's processes are found. */
export const discoverSetting = setting(
  discover,
  "Where gofire finds further processes of the service, whenever it needs them. What is found may be captured, as eachTarget says",
);

export type DiscoverSection = z.infer<typeof discover>;
