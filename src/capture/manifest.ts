import { reasonOf } from "../domain/errors.ts";
import { type CaptureRecord, captureKinds, captureStatuses } from "../domain/evidence/capture.ts";
import { type BlockLease, leaseEndings } from "../domain/profiles/block-lease.ts";
import { type JsonFields, jsonFields } from "../parsers/text/json-fields.ts";

/** A record with the checksum of its file. */
export interface ManifestCapture extends CaptureRecord {
  /** Of the file as stored, lower-case hex; present when there is a file. */
  readonly sha256?: string;
}

/** Its name in the bundle. */
export const manifestFile = "manifest.json";

/** The manifest of a capture bundle: what was asked of whom, when, and what came of it. Holds no secrets. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly gofireVersion: string;
  readonly target: {
    readonly service?: string;
    /** `host:port`, or a socket's path. */
    readonly instance: string;
    /** Without credentials. */
    readonly url: string;
    readonly goVersion?: string;
    /** As the index page said last. */
    readonly goroutines?: number;
  };
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Absent while the capture runs, and for ever when it was killed. */
  readonly finishedAt?: string;
  /** Why it ended before its plan did, in words. */
  readonly endedEarly?: string;
  /** Somebody stopped it: it is no answer to what was asked, and may be begun anew. */
  readonly interrupted?: true;
  /** The request as it was understood, for the reader. */
  readonly request: Readonly<Record<string, unknown>>;
  /** A rate that the target lent meanwhile; absent when none was asked for or it did not lend it. */
  readonly blockLease?: BlockLease;
  readonly captures: readonly ManifestCapture[];
}

export type ManifestReading =
  | { readonly ok: true; readonly manifest: Manifest }
  /** Each names a place: `captures[3].status: must be one of ok, ..., not "done"`. */
  | { readonly ok: false; readonly errors: readonly string[] };

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

const mostErrors = 20;

/** A file name that cannot lead out of the bundle. */
const plainFileName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** Reads a manifest, which anybody may have written. Fields that are not known are left out. */
export function readManifest(text: string): ManifestReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { ok: false, errors: [`not JSON: ${reasonOf(error)}`] };
  }
  const errors: string[] = [];
  const root = jsonFields(json, "", errors);
  const version = root.all()["schemaVersion"];
  if (errors.length === 0 && version !== 1) {
    const what =
      version === undefined
        ? "missing; this is not the manifest of a capture"
        : `this gofire reads version 1, not ${JSON.stringify(version)}`;
    return { ok: false, errors: [`schemaVersion: ${what}`] };
  }
  const finishedAt = root.optionalTime("finishedAt");
  const endedEarly = root.optionalText("endedEarly");
  const interrupted = root.all()["interrupted"] === true;
  const manifest: Manifest = {
    schemaVersion: 1,
    gofireVersion: root.text("gofireVersion"),
    target: targetOf(root.object("target")),
    startedAt: root.time("startedAt"),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(endedEarly === undefined ? {} : { endedEarly }),
    ...(interrupted ? { interrupted } : {}),
    request: root.object("request").all(),
    ...(root.all()["blockLease"] === undefined ? {} : { blockLease: leaseOf(root.object("blockLease")) }),
    captures: root.list("captures").map(captureOf),
  };
  return errors.length === 0 ? { ok: true, manifest } : { ok: false, errors: errors.slice(0, mostErrors) };
}

function targetOf(fields: JsonFields): Manifest["target"] {
  const service = fields.optionalText("service");
  const goVersion = fields.optionalText("goVersion");
  const goroutines = fields.optionalCount("goroutines");
  return {
    ...(service === undefined ? {} : { service }),
    instance: fields.text("instance"),
    url: fields.text("url"),
    ...(goVersion === undefined ? {} : { goVersion }),
    ...(goroutines === undefined ? {} : { goroutines }),
  };
}

function leaseOf(fields: JsonFields): BlockLease {
  const lease = {
    rateNs: fields.count("rateNs"),
    ownRateNs: fields.count("ownRateNs"),
    fromMs: fields.amount("fromMs"),
    expiresAtMs: fields.amount("expiresAtMs"),
  };
  if (fields.all()["end"] === undefined) return lease;
  const end = fields.object("end");
  const reason = end.optionalText("reason");
  return {
    ...lease,
    end: {
      atMs: end.amount("atMs"),
      how: end.oneOf("how", leaseEndings, "left-to-expire"),
      ...(reason === undefined ? {} : { reason }),
    },
  };
}

function captureOf(fields: JsonFields): ManifestCapture {
  const file = fields.matching("file", plainFileName, "a plain file name");
  const startedAtMs = fields.optionalAmount("startedAtMs");
  const status = fields.oneOf("status", captureStatuses, "failed");
  const reason = fields.optionalText("reason");
  const sha256 = fields.matching("sha256", /^[0-9a-f]{64}$/, "64 hexadecimal digits");
  if (status !== "ok" && reason === undefined) fields.complain("reason", "must be a text");
  return {
    kind: fields.oneOf("kind", captureKinds, "index"),
    ...(file === undefined ? {} : { file }),
    bytes: fields.count("bytes"),
    ...(startedAtMs === undefined ? {} : { startedAtMs }),
    durationMs: fields.amount("durationMs"),
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}
