/** What proves to a server who asks. Sent to the address's origin and to nobody else. */
export interface WebAccess {
  readonly credentials?:
    | { readonly kind: "bearer"; readonly token: string }
    | { readonly kind: "basic"; readonly username: string; readonly password: string };
  /** Extra request headers; treated like credentials, because they often are. */
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM texts. `cert` and `key` are the client's (mTLS), `ca` replaces the system's authorities. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly passphrase?: string;
    /** Name to expect in the certificate and to send as SNI when it is not the origin's host. */
    readonly serverName?: string;
  };
  /** HTTP proxy to go through; its own credentials are sent to it alone. The environment is not consulted. */
  readonly proxy?: {
    readonly url: string;
    readonly credentials?: { readonly username: string; readonly password: string };
  };
}

/** Bounds of one question. */
export interface AnswerLimits {
  /** Until the last byte has arrived. */
  readonly deadlineMs: number;
  /** Bytes of body (decoded, when the answer came with a content encoding). */
  readonly maxBytes: number;
}
