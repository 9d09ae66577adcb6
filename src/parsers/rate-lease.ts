import { jsonFields } from "./text/json-fields.ts";

/** What a process answers when it lends the rates of its profiles (lab/profilerates/profilerates.go). */
export interface GrantedRates {
  /** By which the lease can be ended before its time; nobody else should learn it. */
  readonly id: string;
  /** Nanoseconds of waiting for each of which a wait is recorded now; 0: none is. */
  readonly blockRateNs: number;
  /** The same before the lease and after it. */
  readonly ownBlockRateNs: number;
  /** After which the process lowers the rate by itself. */
  readonly seconds: number;
}

/** Undefined for everything that is no such answer: something else is at that path. */
export function parseGrantedRates(text: string): GrantedRates | undefined {
  const errors: string[] = [];
  const fields = jsonFields(parsed(text), "", errors);
  const id = fields.matching("id", /^[\w-]{1,64}$/, "an id");
  const granted = {
    blockRateNs: fields.count("blockRateNs"),
    ownBlockRateNs: fields.object("before").count("blockRateNs"),
    seconds: fields.count("seconds"),
  };
  return errors.length > 0 || id === undefined ? undefined : { id, ...granted };
}

/** What a process answers that is asked for its rates. */
export interface CurrentRates {
  /** Nanoseconds of waiting for each of which a wait is recorded; 0: none is. */
  readonly blockRateNs: number;
  /** One in so many contentions of mutexes is recorded; 0: none is. */
  readonly mutexFraction: number;
  /** When the lease ends that is on now: ISO 8601, by the process's clock. Absent: nobody has one. */
  readonly expiresAt?: string;
}

/** Undefined for everything that is no such answer: something else is at that path. */
export function parseCurrentRates(text: string): CurrentRates | undefined {
  const errors: string[] = [];
  const fields = jsonFields(parsed(text), "", errors);
  const rates = { blockRateNs: fields.count("blockRateNs"), mutexFraction: fields.count("mutexFraction") };
  const expiresAt = fields.all()["expiresAt"] === null ? undefined : fields.optionalTime("expiresAt");
  return errors.length > 0 ? undefined : { ...rates, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

/** Why a process does not lend its rates. */
export interface RatesRefusal {
  /** In its own words. */
  readonly error: string;
  /** When the lease ends that somebody else has: ISO 8601, by the process's clock. */
  readonly expiresAt?: string;
}

/** Undefined for everything that is no such answer: something else is at that path. */
export function parseRatesRefusal(text: string): RatesRefusal | undefined {
  const errors: string[] = [];
  const fields = jsonFields(parsed(text), "", errors);
  const error = fields.text("error");
  const expiresAt = fields.optionalTime("expiresAt");
  return errors.length > 0 ? undefined : { error, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
