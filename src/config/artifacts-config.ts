import type { SecretReference } from "./gofire-config.ts";

/** Where artifacts are kept, and under which conditions. */
export interface ArtifactsConfig {
  readonly place: ArtifactsPlace;
  readonly keep: {
    /** Artifacts of incidents whose newest artifact is older are deleted. */
    readonly ageMs: number;
    /** Most bytes of all artifacts together. */
    readonly totalBytes: number;
  };
  readonly maxFileBytes: number;
  readonly maxIncidentBytes: number;
  /** Absent: artifacts are stored as they are. */
  readonly encryption?: {
    /** 32 bytes in base64. */
    readonly key: SecretReference;
    /** Only read with. */
    readonly formerKeys: readonly SecretReference[];
  };
  readonly redact: boolean;
}

export type ArtifactsPlace =
  /** Without a path: `artifacts` in the state folder. */
  { readonly kind: "folder"; readonly path?: string } | ({ readonly kind: "s3" } & S3Place);

export interface S3Place {
  readonly bucket: string;
  /** Empty, or ends in "/". */
  readonly prefix: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly pathStyle: boolean;
  /** Absent: what the AWS SDK finds. */
  readonly credentials?: {
    readonly accessKeyId: SecretReference;
    readonly secretAccessKey: SecretReference;
    readonly sessionToken?: SecretReference;
  };
}

/** The page that shows the queue. */
export interface QueueBoardConfig {
  readonly listen: { readonly host: string; readonly port: number };
  readonly user: string;
  readonly password: SecretReference;
  /** Whether jobs may be changed there. */
  readonly mayChange: boolean;
}
