/** Who signs a log, in the words of https://c2sp.org/signed-note: a name and an Ed25519 key. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** Type byte of Ed25519 signatures. */
const ed25519 = 0x01;
const publicKeyBytes = 32;

/** What a signature is checked with. */
export interface Verifier {
  /** The log's origin. */
  readonly name: string;
  /** Four bytes that tell keys of one name apart. */
  readonly id: Uint8Array;
  /** `name+hash+base64`, as x/mod and other tools take it. */
  readonly text: string;
  /** Name and id, for messages and hints. */
  readonly shortText: string;
  verifies(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface Signer {
  readonly verifier: Verifier;
  /** Ed25519 (RFC 8032): the same message always gives the same 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** Neither a space nor "+", which would end it. */
function isKeyName(text: string): boolean {
  return /^[^\s+\p{Z}\p{Cc}]+$/u.test(text);
}

/** Throws RangeError for a key that is not Ed25519, and for a name that cannot be one. */
export function signerOf(name: string, privateKey: KeyObject): Signer {
  if (privateKey.asymmetricKeyType !== "ed25519")
    throw new RangeError(`This key is ${privateKey.asymmetricKeyType ?? "secret"}, not Ed25519.`);
  return {
    verifier: verifierOf(name, rawKey(createPublicKey(privateKey))),
    sign: (message) => sign(null, message, privateKey),
  };
}

/** `name+hash+base64` as a verifier, or what is wrong with it, in words. */
export function readVerifier(text: string): Verifier | string {
  const [, name = "", hash = "", base64 = ""] =
    /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  if (!isKeyName(name)) return "a key is NAME+8 hex digits+base64, on one line";
  const [type, ...key] = Buffer.from(base64, "base64");
  if (type !== ed25519 || key.length !== publicKeyBytes) return "it is not an Ed25519 key";
  const verifier = verifierOf(name, Uint8Array.from(key));
  if (verifier.text !== text)
    return `its hash ${hash} is not that of its name and key: a character was changed or lost`;
  return verifier;
}

function verifierOf(name: string, key: Uint8Array): Verifier {
  if (!isKeyName(name)) throw new RangeError(`${JSON.stringify(name)} cannot be the name of a key.`);
  const typed = Buffer.concat([Uint8Array.of(ed25519), key]);
  const id = createHash("sha256").update(`${name}\n`).update(typed).digest().subarray(0, 4);
  const shortText = `${name}+${id.toString("hex")}`;
  const x = Buffer.from(key).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return {
    name,
    id,
    text: `${shortText}+${typed.toString("base64")}`,
    shortText,
    verifies: (message, signature) => verify(null, message, publicKey, signature),
  };
}

function rawKey(publicKey: KeyObject): Uint8Array {
  return Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
}
