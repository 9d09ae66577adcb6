import type { LabelMatches } from "../alerts/alert-routing.ts";

type Scheme = "http" | "https";

/** A name of which every address (A, else AAAA) is a process, at one port. */
export interface DnsAddresses {
  readonly kind: "dns";
  readonly name: string;
  readonly port: number;
  readonly scheme: Scheme;
}

/** A name whose SRV records are a service's processes, each with its own port. */
export interface DnsServices {
  readonly kind: "dns-srv";
  readonly name: string;
  readonly scheme: Scheme;
}

/** Pods of one namespace. */
export interface KubernetesPods {
  readonly kind: "kubernetes";
  /** Absent: the one that gofire itself runs in, or that its kubeconfig names. */
  readonly namespace?: string;
  /** As `kubectl get pods -l` takes it. */
  readonly selector: string;
  /** Number, or name among the ports of a pod's containers. */
  readonly port: number | string;
  readonly scheme: Scheme;
  /** Whether questions go to the pod's own address, or through the API server's pod proxy. */
  readonly via: "pod-ip" | "api-server";
}

/** What a Prometheus scrapes. */
export interface PrometheusTargets {
  readonly kind: "prometheus";
  /** What the labels of its targets have to be. */
  readonly labels: LabelMatches;
  /** Where pprof is, when that is not where the scrape is. */
  readonly port?: number;
  readonly scheme?: Scheme;
}

/** Where the processes of a service are found, besides those that gofire.yaml lists. */
export type TargetPlace = DnsAddresses | DnsServices | KubernetesPods | PrometheusTargets;

/** Processes of one service that are found at most: more are no help in an incident, and every answer has its bound. */
export const mostFound = 1_000;

/** Who is asked, as the subject of a sentence. */
export function askedOf({ kind }: TargetPlace): "DNS" | "Kubernetes" | "Prometheus" {
  switch (kind) {
    case "dns":
    case "dns-srv":
      return "DNS";
    case "kubernetes":
      return "Kubernetes";
    case "prometheus":
      return "Prometheus";
  }
}

/** What is looked for there, for a sentence. */
export function wantedOf(place: TargetPlace): string {
  switch (place.kind) {
    case "dns":
      return `addresses of ${place.name}`;
    case "dns-srv":
      return `SRV records of ${place.name}`;
    case "kubernetes":
      return `pods with ${place.selector}${place.namespace === undefined ? "" : ` in the namespace ${place.namespace}`}`;
    case "prometheus":
      return `targets with ${Object.entries(place.labels)
        .map(([label, match]) =>
          "equals" in match ? `${label}="${match.equals}"` : `${label}=~"${match.pattern.source}"`,
        )
        .join(", ")}`;
  }
}
