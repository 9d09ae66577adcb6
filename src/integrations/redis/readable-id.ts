import { randomInt } from "node:crypto";

/** Crockford's base 32 in lower case (https://www.crockford.com/base32.html): no i, l, o or u, so ids can be read out. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** A random id of so many characters, five bits each. */
export function readableId(characters: number): string {
  return Array.from({ length: characters }, () => alphabet[randomInt(alphabet.length)]).join("");
}
