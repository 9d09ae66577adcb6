/**
 * The fields that have a value. A field that may be absent is left out of an object, never `undefined` in it
 * (exactOptionalPropertyTypes); for one or two `...(x === undefined ? {} : { x })` says the same on the spot.
 */
export function present<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };
}
