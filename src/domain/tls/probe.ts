/** A certificate as it was sent. */
export interface TlsCertificate {
  /** `CN=order.example, O=Example`, as it is shown. */
  readonly subject: string;
  readonly commonName?: string;
  readonly issuer: string;
  /** SHA-256 of the certificate: upper-case hex with colons. */
  readonly fingerprint: string;
  /** ISO 8601 in UTC. */
  readonly validFrom: string;
  readonly validTo: string;
  /** The same in milliseconds since the epoch. */
  readonly validFromMs: number;
  readonly validToMs: number;
  /** Whether it has subject alternative names at all. */
  readonly hasNames: boolean;
  readonly dnsNames: readonly string[];
  /** In the spelling of `plainAddress`. */
  readonly ipAddresses: readonly string[];
  readonly key: { readonly type: string; readonly bits?: number };
  /** How it is signed, as Go's crypto/x509 names it (`SHA256-RSA`); an object identifier where that has no name. */
  readonly signature: string;
  readonly isAuthority: boolean;
  readonly isSelfSigned: boolean;
  /** Where its issuer's certificate is, by its own words (Authority Information Access, RFC 5280 §4.2.2.1). */
  readonly issuerUrls: readonly string[];
}

export interface TlsChain {
  /** In the order in which they were sent: the server's own first. */
  readonly sent: readonly TlsCertificate[];
  /** Positions in `sent`: the server's own, then who issued it, and so on. */
  readonly path: readonly number[];
  /** The trusted authority that the path ends at; absent: none is reached. */
  readonly authority?: string;
}

/** What one handshake came to. */
export type TlsOutcome =
  | {
      readonly kind: "done";
      /** `TLSv1.3` */
      readonly protocol: string;
      readonly cipher: string;
      /** Absent: the server chose none. */
      readonly alpn?: string;
      readonly chain: TlsChain;
      /** An alert that came right after (RFC 8446 §4.4.2.4: what a server says of the client's certificate). */
      readonly alertAfterwards?: number;
    }
  /** The server refused with this alert (RFC 8446 §6). */
  | { readonly kind: "alert"; readonly alert: number }
  /** Its first bytes are of another protocol. */
  | { readonly kind: "not-tls"; readonly firstBytes: string }
  | { readonly kind: "closed"; readonly how: "end" | "reset" }
  /** It took the connection and sent no ServerHello. */
  | { readonly kind: "silent"; readonly afterMs: number }
  /** There was no connection; `isOurs`: for want of a way there, which says nothing of the server. */
  | { readonly kind: "unreachable"; readonly why: string; readonly isOurs: boolean }
  /** Anything else, in OpenSSL's words. */
  | { readonly kind: "failed"; readonly why: string }
  /** `isNeedless`: it is known already, or there is nothing to ask; else the answer is missing. */
  | { readonly kind: "not-asked"; readonly why: string; readonly isNeedless: boolean };

/** `usual`: with the name, HTTP/2 and HTTP/1.1 offered, any version. The others change one thing. */
export const tlsQuestions = ["usual", "no-name", "h2", "http/1.1", "no-alpn", "tls1.2", "old"] as const;
export type TlsQuestion = (typeof tlsQuestions)[number];

export interface TlsHandshake {
  readonly question: TlsQuestion;
  readonly address: string;
  /** Until the connection stood. */
  readonly connectMs?: number;
  /** From there until the handshake came to its end. */
  readonly handshakeMs?: number;
  readonly outcome: TlsOutcome;
}

/** What is to be looked at. */
export interface TlsTarget {
  /** A name in ASCII, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What one bounded look at a TLS port brought. */
export interface TlsProbe extends TlsTarget {
  /** The name that was sent (SNI) and that the certificate has to be of; an address is not sent. */
  readonly serverName: string;
  readonly atMs: number;
  readonly tookMs: number;
  /** Whom certificates were held against. */
  readonly trust: { readonly source: string; readonly authorities: number };
  readonly showedCertificate: boolean;
  /** Absent where an address was given. */
  readonly lookupMs?: number;
  /** All that the name has; those after the first few are in no handshake. */
  readonly addresses: readonly string[];
  /** In the order in which they were made: first the usual one at each address, then the others at one of them. */
  readonly handshakes: readonly TlsHandshake[];
}

/** The usual handshake at the address that was asked the other questions, too. */
export function usualHandshake({ handshakes }: Pick<TlsProbe, "handshakes">): TlsHandshake | undefined {
  const usual = handshakes.filter(({ question }) => question === "usual");
  return usual.find(({ outcome }) => outcome.kind === "done") ?? usual.find(isReached) ?? usual[0];
}

/** Whether there was a connection. */
export function isReached({ outcome }: TlsHandshake): boolean {
  return outcome.kind !== "unreachable" && outcome.kind !== "not-asked";
}
