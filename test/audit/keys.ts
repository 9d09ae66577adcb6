import { createPrivateKey } from "node:crypto";
import { type Signer, signerOf } from "../../src/audit/keys.ts";

/** The signer of an Ed25519 seed of 32 bytes (RFC 8410, section 7, is what stands around it). */
export function seededSigner(name: string, seed: Uint8Array): Signer {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return signerOf(name, createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
}

export const testOrigin = "gofire.shop.example/audit";
export const testSigner = seededSigner(testOrigin, new Uint8Array(32).fill(7));
