import { S3Client } from "@aws-sdk/client-s3";

/** How a bucket is reached. */
export interface S3Access {
  readonly bucket: string;
  /** Empty, or ends in "/". */
  readonly prefix: string;
  readonly region?: string;
  readonly endpoint?: string;
  /** Whether the bucket is named in the path, not in the host. */
  readonly pathStyle: boolean;
  /** Absent: what the SDK finds in the environment, its files or from the instance's role. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

const connectWithinMs = 5_000;
/** Until the first byte of an answer. */
const answerWithinMs = 30_000;

export function s3Client({ region, endpoint, pathStyle, credentials }: S3Access): S3Client {
  // Other stores may not know the checksums that newer SDKs add by themselves
  // (https://github.com/aws/aws-sdk-js-v3/issues/6810).
  const checksums = endpoint === undefined ? "WHEN_SUPPORTED" : "WHEN_REQUIRED";
  return new S3Client({
    // The SDK refuses to work without a region; stores that have none take any.
    ...(region === undefined ? (endpoint === undefined ? {} : { region: "us-east-1" }) : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    forcePathStyle: pathStyle,
    retryMode: "standard",
    maxAttempts: 4,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    requestHandler: {
      connectionTimeout: connectWithinMs,
      requestTimeout: answerWithinMs,
      throwOnRequestTimeout: true,
    },
  });
}
