export { contentTypeOf } from "../domain/content-type.ts";

/** Text as a source for the store. */
export async function* utf8(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}
