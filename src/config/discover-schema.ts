import * as z from "zod/mini";
import { labelMatches } from "./alerts-schema.ts";
import { exactlyOne, needed, section, setting, text, together, wholeNumber } from "./schema-words.ts";

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

/** RFC 1123, section 2.1, as Kubernetes wants names of namespaces. */
const namespace = z.string().check(
  z.regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: "is not the name of a namespace: small letters, digits and dashes",
  }),
);

/** Names of ports are IANA service names (RFC 6335, section 5.1), which a number is not. */
const portOrName = z.union(
  [
    portNumber,
    z.string().check(
      z.regex(/^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/, {
        error: "is not the name of a port: up to 15 small letters, digits and dashes",
      }),
    ),
  ],
  { error: "must be a port's number, or its name among the ports of the pod's containers" },
);

const kubernetes = section({
  namespace: setting(
    namespace,
    "Their namespace. Default: that of the kubeconfig's context, or of gofire's own pod",
  ),
  selector: needed(text, "Which pods, as kubectl get pods -l takes it: app=order,tier!=canary"),
  port: needed(portOrName, "Port of pprof: its number, or its name among the ports of the pod's containers"),
  scheme,
  via: setting(
    z.enum(["podIP", "apiServer"]),
    "podIP: pods are asked at their own addresses. apiServer: through the API server's pod proxy, for a gofire outside of the pods' network; it needs the right to get pods/proxy. Default: podIP",
  ),
});
const prometheus = section({
  labels: needed(
    labelMatches,
    'Labels that its targets have to have, all of them, e.g. { job: order, namespace: shop }. "~" before a value makes it a regular expression for the whole value',
  ),
  port: setting(portNumber, "Port of pprof, when that is not where the scrape is. Default: the scrape's"),
  scheme: setting(z.enum(["http", "https"]), "How pprof is asked. Default: as the scrape"),
});
const discover = section(
  {
    dns: setting(dns, "Addresses of a name"),
    kubernetes: setting(kubernetes, "Pods of the cluster named under `kubernetes`"),
    prometheus: setting(prometheus, "What the Prometheus named under `prometheus` scrapes"),
  },
  exactlyOne("dns", "kubernetes", "prometheus"),
);

/** Where a service's processes are found. */
export const discoverSetting = setting(
  discover,
  "Where gofire finds further processes of the service, whenever it needs them. What is found may be captured, as eachTarget says",
);

const cluster = section({
  kubeconfig: setting(text, "File that says where the API server is and what lets gofire in"),
  context: setting(text, "Which of its contexts. Default: its current one"),
});

/** Who is asked for processes. */
export const discoverSections = {
  kubernetes: setting(
    cluster,
    "The Kubernetes that is asked for pods. Default: KUBECONFIG, else the cluster that gofire runs in, else ~/.kube/config",
  ),
};

export type DiscoverSection = z.infer<typeof discover>;
export type ClusterSection = z.infer<typeof cluster>;
