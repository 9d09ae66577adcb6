import type { AlertNotification } from "../domain/alerts/alert.ts";
import type { AlertedService, ChannelRoute } from "../domain/alerts/alert-routing.ts";
import type { StormLimits } from "../domain/alerts/storm.ts";
import type { Place } from "../domain/chat/message.ts";

/** For which services pages are answered, and where. */
export interface Paging {
  services(): Promise<readonly AlertedService[]>;
  /** Channel for cards of pages that nobody posted into the chat, unless a route or their service names another one. */
  readonly channel: string;
  /** The first that fits counts. */
  readonly routes?: readonly ChannelRoute[];
  /** True where other bots post pages into channels that gofire hears. */
  readonly hearsMessages: boolean;
  /** Whether pages are answered in shadow where their service does not say otherwise; false when absent. */
  readonly shadow?: boolean;
  /** Whether pages also have another process of their service captured, to compare; true when absent. */
  readonly comparesPeers?: boolean;
  /** When pages are so many that they get one digest; as usual when absent. */
  readonly storm?: StormLimits;
}

/** An incident that alerts of a group began and that is not over. */
export interface OpenPage {
  readonly service: string;
  /** What the incident's `origin.intent` is. */
  readonly intent: string;
  /** The group's count of repeats when it began. */
  readonly repeatsBefore: number;
  /** Where it is answered, whoever gets to that; absent in what older versions kept. */
  readonly place?: Place;
}

/** A group of alerts as it stands. */
export interface AlertGroup {
  readonly id: string;
  /** The last one that said something new. */
  readonly notification: AlertNotification;
  /** Milliseconds since the epoch of that one. */
  readonly changedAtMs: number;
  /** Milliseconds since the epoch of the first change that fires since a page of it was opened; absent when none does. */
  readonly unansweredSinceMs?: number;
  /** How often the sender said the same again, since the group is known. */
  readonly repeats: number;
  /** Milliseconds since the epoch. */
  readonly lastRepeatAtMs?: number;
  readonly open: readonly OpenPage[];
}

/** What a notification says, in short: the same for all that say the same of the same group. */
export interface Said {
  readonly groupId: string;
  readonly state: string;
}

/**
 * What alert senders said, by group. All methods throw PortError `unavailable` or `timeout` when the store cannot be
 * reached, and the signal's reason.
 */
export interface Alerts {
  /**
   * Takes a notification over: when this resolves, it is counted as a repeat or will be worked on, whoever dies. The
   * same one may come twice.
   */
  receive(
    notification: AlertNotification,
    signal: AbortSignal,
  ): Promise<{ readonly news: "changed" | "repeat"; readonly said: Said }>;
  /**
   * As above, for what says the same as a notification that was received once. False when the group says something else
   * now, or is not known any more: nothing is taken over then.
   */
  repeat(said: Said, signal: AbortSignal): Promise<boolean>;
  /** Queues the work of all that was taken over since this was last done. */
  enqueueChanged(signal: AbortSignal): Promise<void>;
  /** undefined for a group that is long forgotten. */
  read(groupId: string, signal: AbortSignal): Promise<AlertGroup | undefined>;
  /** Opens a page for the service unless there is one, and gives back the one that holds. */
  openPage(groupId: string, page: OpenPage, signal: AbortSignal): Promise<OpenPage>;
  /** Ends the page of that intent; another one stays. */
  closePage(groupId: string, page: OpenPage, signal: AbortSignal): Promise<void>;
  /** Its work came to nothing: the next notification is worked on again, also when it says the same. */
  workAgain(groupId: string, signal: AbortSignal): Promise<void>;
  /** Has it worked on once more, as it stands. */
  wake(groupId: string, signal: AbortSignal): Promise<void>;
  /** Groups that were repeated since this was last asked, at most `limit`; each is given out once. */
  takeRepeated(limit: number, signal: AbortSignal): Promise<readonly string[]>;
}
