import type { ChannelRoute } from "../domain/alert-routing.ts";
import type { PageSource } from "../domain/page-message.ts";
import type { StormLimits } from "../domain/storm.ts";
import type { SecretReference } from "./gofire-config.ts";

/** Who may post alerts, and where they are answered. */
export interface AlertsConfig {
  /** Channel for cards of pages that nobody posted into the chat. */
  readonly channel: string;
  /** Other channels by the labels of the alerts; the first that fits counts. */
  readonly routes: readonly ChannelRoute[];
  /** Whether pages also have another process of their service captured. */
  readonly comparesPeers: boolean;
  /** Whether pages are answered in shadow where their service does not say otherwise. */
  readonly shadow: boolean;
  /** When pages get one digest instead of a card each. */
  readonly storm: StormLimits;
  /** Channels and senders of pages in the chat; absent: only webhooks are pages. */
  readonly messages?: PageSource;
  /** For `Authorization: Bearer …`. */
  readonly bearer?: SecretReference;
  readonly grafana?: {
    readonly secret: SecretReference;
    /** Lower case. */
    readonly header: string;
    /** Lower case. */
    readonly timestampHeader?: string;
  };
}
