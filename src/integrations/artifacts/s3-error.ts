import { S3ServiceException } from "@aws-sdk/client-s3";
import { PortError, type PortErrorCode } from "../../domain/errors.ts";

/**
 * Error names with a message of their own
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList).
 */
const known: Readonly<Record<string, { readonly code: PortErrorCode; readonly words: string }>> = {
  NoSuchBucket: { code: "forbidden", words: "there is no such bucket" },
  InvalidAccessKeyId: { code: "forbidden", words: "the store does not know the access key id" },
  SignatureDoesNotMatch: { code: "forbidden", words: "the secret access key is wrong" },
  ExpiredToken: { code: "forbidden", words: "the temporary credentials have expired" },
  InvalidToken: { code: "forbidden", words: "the session token is not valid" },
  RequestTimeTooSkewed: { code: "forbidden", words: "this machine's clock is wrong by over 15 minutes" },
  PermanentRedirect: { code: "forbidden", words: "the bucket is in another region" },
  AuthorizationHeaderMalformed: { code: "forbidden", words: "the bucket is in another region" },
  EntityTooLarge: { code: "forbidden", words: "the store does not take artifacts of this size" },
  CredentialsProviderError: { code: "forbidden", words: "no credentials were found" },
  PreconditionFailed: { code: "bad-response", words: "it was replaced while it was read" },
  InvalidObjectState: { code: "forbidden", words: "it was moved to an archive" },
};

/** What the SDK or the store said, in our words. `target` is `s3://bucket/key`. */
export function s3Error(error: unknown, target: string): PortError {
  if (error instanceof PortError) return error;
  if (!(error instanceof Error)) return new PortError("unavailable", target, String(error));
  const { code, words } = meaningOf(error);
  return new PortError(code, target, `${target}: ${words}`, { cause: error });
}

/** Nothing is there. The answer to a HEAD has no body and so no name of its own. */
export function isNotFound(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.name === "NoSuchKey" || error.name === "NotFound");
}

function meaningOf(error: Error): { readonly code: PortErrorCode; readonly words: string } {
  const meaning = known[error.name];
  if (meaning !== undefined) return meaning;
  if (isNotFound(error)) return { code: "not-found", words: "there is no such artifact" };
  const status = statusOf(error);
  const said = error.message === "" ? error.name : error.message;
  if (status === 429 || error.name === "SlowDown") return { code: "rate-limited", words: said };
  if (status === 401 || status === 403) return { code: "forbidden", words: `access denied (${said})` };
  if (status !== undefined && status >= 400 && status < 500) return { code: "forbidden", words: said };
  return { code: "unavailable", words: said };
}

function statusOf(error: Error): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
