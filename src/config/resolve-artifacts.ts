import type { ArtifactsConfig, QueueBoardConfig, S3Place } from "./artifacts-config.ts";
import type { ArtifactsSection, QueueBoardSection } from "./artifacts-schema.ts";
import { addressOf, secret } from "./resolve-words.ts";

const dayMs = 86_400_000;
/** As long as an incident itself is remembered. */
const defaultKeepDays = 30;
const gib = 1 << 30;

export function artifactsOf(artifacts: ArtifactsSection = {}, folder: string): ArtifactsConfig {
  const { s3, keep = {}, encryption } = artifacts;
  return {
    place:
      s3 === undefined
        ? { kind: "folder", ...(artifacts.folder === undefined ? {} : { path: artifacts.folder }) }
        : { kind: "s3", ...s3Of(s3) },
    keep: {
      ageMs: (keep.days ?? defaultKeepDays) * dayMs,
      totalBytes: keep.totalBytes ?? 20 * gib,
    },
    maxFileBytes: artifacts.maxFileBytes ?? gib,
    maxIncidentBytes: artifacts.maxIncidentBytes ?? 4 * gib,
    ...(encryption === undefined
      ? {}
      : {
          encryption: {
            key: secret(encryption.keyEnv, encryption.keyFile, folder),
            formerKeys: (encryption.formerKeys ?? []).map(({ keyEnv, keyFile }) =>
              secret(keyEnv, keyFile, folder),
            ),
          },
        }),
    redact: artifacts.redact ?? false,
  };
}

/** What holds without a word about it. */
export const defaultArtifacts: ArtifactsConfig = artifactsOf(undefined, "");

function s3Of(s3: NonNullable<ArtifactsSection["s3"]>): S3Place {
  const { bucket, region, endpoint, accessKeyIdEnv, secretAccessKeyEnv, sessionTokenEnv } = s3;
  return {
    bucket,
    prefix: s3.prefix ?? "",
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    pathStyle: s3.pathStyle ?? endpoint !== undefined,
    ...(accessKeyIdEnv === undefined || secretAccessKeyEnv === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: { env: accessKeyIdEnv },
            secretAccessKey: { env: secretAccessKeyEnv },
            ...(sessionTokenEnv === undefined ? {} : { sessionToken: { env: sessionTokenEnv } }),
          },
        }),
  };
}

export function queueBoardOf(board: QueueBoardSection, folder: string): QueueBoardConfig {
  return {
    listen: addressOf(board.listen ?? "127.0.0.1:8081"),
    user: board.user ?? "operator",
    password: secret(board.passwordEnv, board.passwordFile, folder),
    mayChange: board.mayChange ?? false,
  };
}
