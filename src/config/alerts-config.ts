import type { ChannelRoute } from "../domain/alerts/alert-routing.ts";
import type { PageSource } from "../domain/alerts/page-message.ts";
import type { StormLimits } from "../domain/alerts/storm.ts";
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
  /** An address for senders alone; absent: where `gofire serve --listen` is. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Of that address. */
  readonly tls?: AlertsTls;
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

/** Absolute paths of PEM files. */
export interface AlertsTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase?: SecretReference;
  /** Absent: clients are not asked for a certificate. */
  readonly clientCaFile?: string;
  /** Absent: every client of these authorities. */
  readonly clientNames?: readonly string[];
}
