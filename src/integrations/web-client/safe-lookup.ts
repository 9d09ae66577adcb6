import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { PortError } from "../../domain/errors.ts";
import { isMetadataAddress } from "../../domain/targets/reserved-addresses.ts";

const metadataWords =
  "this is where a cloud tells its machines their credentials (metadata service); no process is there, and it is never asked";

/** Throws PortError `forbidden` for the literal address of a cloud's metadata service. */
export function refuseMetadata(origin: string): void {
  if (isMetadataAddress(new URL(origin).hostname)) throw new PortError("forbidden", origin, metadataWords);
}

/**
 * Resolves names for sockets: what is looked at here is what is connected to, so that no name leads to a cloud's
 * metadata service, however often its answer changes.
 */
export const safeLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, []);
    const addresses: readonly LookupAddress[] = found.filter(({ address }) => !isMetadataAddress(address));
    const [first] = addresses;
    if (first === undefined) return callback(new PortError("forbidden", hostname, metadataWords), []);
    if (options.all === true) return callback(null, [...addresses]);
    return callback(null, first.address, first.family);
  });
};
