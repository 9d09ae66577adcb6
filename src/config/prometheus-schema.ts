import { labelSet, needed, section, setting, text, webUrl } from "./schema-words.ts";
import { webAccess } from "./web-access-schema.ts";

const prometheus = section({
  url: needed(
    webUrl,
    "Where its HTTP API is, without /api/v1: http://prometheus.internal:9090, or https://mimir.internal/prometheus",
  ),
  ...webAccess,
});

/** Which series of the Prometheus are a service's. */
export const seriesSetting = setting(
  section({
    labels: setting(
      labelSet(text),
      "Labels that all series of the service have and no others, e.g. { job: order, namespace: shop }. Default: what the alert says, the target's address, then job is the service's name",
    ),
  }),
  "Which series of the Prometheus named under `prometheus` are the service's",
);

/** Where the past of a service is asked about. */
export const prometheusSections = {
  prometheus: setting(
    prometheus,
    "A Prometheus (or Thanos, Mimir, VictoriaMetrics) that gofire asks what was usual before an incident",
  ),
};
