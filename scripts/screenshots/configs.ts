import type { MessageBody } from "../../src/domain/chat/message.ts";
import type {
  ConfigChange,
  ConfigHistoryFacts,
  ConfigRevision,
} from "../../src/domain/configuration/config-change.ts";
import { card } from "../../src/render/slack/card.ts";
import { recorded } from "./recorded.ts";

const minuteMs = 60_000;
const file = "env/prod/order.yaml";

/** A verdict with one change that is suspected, one that is not and a hidden secret; with long ones; and without any. */
export async function configs(nowMs: number): Promise<readonly MessageBody[]> {
  const tuned = revision(nowMs - 14 * minuteMs, "v20261124-prod-redis-tune", "ana", [
    { file, path: "redis.max_active", kind: "changed", from: "200", to: "0", line: 2 },
  ]);
  const told = [
    tuned,
    revision(nowMs - 25 * minuteMs, "v20261124-prod-rotate", "bo", [
      { file, path: "payments.api_key", kind: "changed", secret: true, line: 9 },
    ]),
    revision(nowMs - 185 * minuteMs, undefined, "cy", [
      { file, path: "log.level", kind: "changed", from: "info", to: "debug", line: 5 },
    ]),
  ];
  const long = [
    revision(
      nowMs - 14 * minuteMs,
      `v20261124-prod-${"tune-every-pool-of-every-service-".repeat(3)}1`,
      "ana",
      [
        {
          file,
          path: `data["application-production.yaml"].shop.order.persistence.connection.pools.redis.primary.max_active`,
          kind: "changed",
          from: "200",
          to: "0",
        },
      ],
    ),
    revision(nowMs - 40 * minuteMs, undefined, "Bartholomew Featherstonehaugh-Cholmondeley", [
      { file, path: "redis.addresses", kind: "changed", from: hosts("prod-eu-1"), to: hosts("prod-eu-2") },
    ]),
  ];
  const judged = await Promise.all(
    [told, long, []].map((revisions, at) =>
      recorded("redis-pool-zero", `gf-${at + 1}c7d`, "go1.26.8", undefined, facts(nowMs, revisions)),
    ),
  );
  return judged.map(({ incident }) =>
    card({
      ...incident,
      service: "order",
      createdAtMs: nowMs,
      origin: {
        kind: "page",
        intent: incident.id,
        page: { title: "ManyGoroutines", sinceMs: nowMs, alerts: 1 },
      },
    }),
  );
}

function facts(atMs: number, revisions: readonly ConfigRevision[]): ConfigHistoryFacts {
  return {
    artifact: "config-history.json.gz",
    repository: "https://git.internal/shop/config.git",
    paths: [file],
    atMs,
    windowMs: 360 * minuteMs,
    revisions,
    notes: [],
  };
}

function revision(
  atMs: number,
  tag: string | undefined,
  author: string,
  changes: readonly ConfigChange[],
): ConfigRevision {
  return {
    revision: "0f606d972d".padEnd(40, "a"),
    ...(tag === undefined ? {} : { tag }),
    author,
    subject: "",
    atMs,
    changes,
    more: 0,
    uncompared: [],
  };
}

function hosts(zone: string): string {
  return [0, 1, 2].map((at) => `redis-${at}.redis.${zone}.svc:6379`).join(",");
}
