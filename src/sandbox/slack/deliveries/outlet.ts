import type { Fields } from "../fields.ts";

export type DeliveryKind = "events_api" | "slash_commands" | "interactive";

export interface Delivery {
  readonly kind: DeliveryKind;
  readonly payload: Fields;
  /** Present on the second and later attempts of an event. */
  readonly retry?: { readonly number: number; readonly reason: string };
  /** Seconds by which the sender's clock is off. */
  readonly skewS?: number;
}

/** How an attempt ended. `body`: what the app answered with, for commands, clicks and views. */
export type DeliveryResult =
  | { readonly isAcked: true; readonly body: Fields }
  | { readonly isAcked: false; readonly reason: string; readonly wantsNoRetry?: boolean };

/** One of Slack's two ways to reach an app. */
export interface Outlet {
  send(delivery: Delivery): Promise<DeliveryResult>;
  close(): void;
}
