/** Of each request this much is always listened to, so that who floods keeps no small request out. */
const alwaysBytes = 64 * 1024;

/** What one request has had us hold. */
export interface Held {
  /** Another so many bytes; false when that is more than there is room for, and the request is to be refused. */
  add(bytes: number): boolean;
  /** The sender has proved who it is, or is refused. */
  end(): void;
}

/**
 * Bounds what is held at once, in bytes, of senders who have not proved yet who they are: a signature is made over a whole
 * body, so the body has to be read before it can be checked.
 */
export function unprovenBodies(mostBytes: number): () => Held {
  let allBytes = 0;
  return () => {
    let bytes = 0;
    let counted = 0;
    return {
      add(more) {
        bytes += more;
        const now = Math.max(0, bytes - alwaysBytes);
        allBytes += now - counted;
        counted = now;
        return counted === 0 || allBytes <= mostBytes;
      },
      end() {
        allBytes -= counted;
        counted = 0;
      },
    };
  };
}
