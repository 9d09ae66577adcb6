import * as z from "zod/mini";
import {
  absolutePath,
  atMostOne,
  environmentName,
  exactlyOne,
  hostAndPort,
  section,
  setting,
  text,
  together,
  webUrl,
  wholeNumber,
} from "./schema-words.ts";

const s3 = section(
  {
    bucket: z.string().check(
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
      z.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: "is not the name of an S3 bucket" }),
    ),
    prefix: setting(
      z.string().check(
        z.regex(/^(?:[A-Za-z0-9_-][A-Za-z0-9._-]*\/)+$/, {
          error: 'must be like "team/gofire/", ending in "/"',
        }),
      ),
      "What every key begins with, so that the bucket can be shared. Default: none",
    ),
    region: setting(text, "Default: what the AWS SDK finds (AWS_REGION, its configuration file)"),
    endpoint: setting(webUrl, "Where another S3-compatible store is. Default: Amazon's"),
    pathStyle: setting(
      z.boolean(),
      "Name the bucket in the path instead of the host, as most other stores want it. Default: true with `endpoint`",
    ),
    accessKeyIdEnv: setting(
      environmentName,
      "Environment variable that holds the access key id. Default: the AWS SDK's own search (environment, files, instance role)",
    ),
    secretAccessKeyEnv: setting(environmentName, "Environment variable that holds the secret access key"),
    sessionTokenEnv: setting(
      environmentName,
      "Environment variable that holds a temporary key's session token",
    ),
  },
  together("accessKeyIdEnv", "secretAccessKeyEnv"),
);

const keep = section({
  days: setting(wholeNumber(1, 3_650), "Days after which an incident's artifacts are deleted. Default: 30"),
  totalBytes: setting(
    wholeNumber(1 << 20, Number.MAX_SAFE_INTEGER),
    "Most bytes of all artifacts; the oldest incidents go first. Default: 20 GiB",
  ),
});

const sealingKey = section(
  {
    keyEnv: setting(environmentName, "Environment variable that holds the key"),
    keyFile: setting(text, "File that holds the key"),
  },
  exactlyOne("keyEnv", "keyFile"),
);

const encryption = section(
  {
    keyEnv: setting(
      environmentName,
      "Environment variable that holds the key: 32 random bytes in base64 (openssl rand -base64 32)",
    ),
    keyFile: setting(text, "File that holds the key"),
    formerKeys: setting(z.array(sealingKey), "Keys that older artifacts are still read with"),
  },
  exactlyOne("keyEnv", "keyFile"),
);

const artifacts = section(
  {
    folder: setting(absolutePath, "Folder of the artifacts. Default: `artifacts` in gofire's state folder"),
    s3: setting(s3, "S3 bucket of the artifacts: needed as soon as gofire runs on more than one machine"),
    keep: setting(keep, "How long artifacts are kept. Those of open incidents always are"),
    maxFileBytes: setting(
      wholeNumber(1 << 20, 2 ** 35),
      "Most bytes of one artifact; a larger one is not stored, and the incident says so. Default: 1 GiB",
    ),
    maxIncidentBytes: setting(
      wholeNumber(1 << 20, 2 ** 35),
      "Most bytes of all artifacts of one incident. Default: 4 GiB",
    ),
    encryption: setting(encryption, "Encrypts artifacts before they are stored (AES-256-GCM)"),
    redact: setting(
      z.boolean(),
      "Takes label values, URL queries and what looks like a secret out of captures before they are stored. Default: false",
    ),
  },
  atMostOne("folder", "s3"),
);

const queueBoard = section(
  {
    listen: setting(
      hostAndPort("127.0.0.1:8081"),
      "Where the board answers, behind your own TLS. Default: 127.0.0.1:8081",
    ),
    user: setting(text, "Name that a browser logs in with. Default: operator"),
    passwordEnv: setting(
      environmentName,
      "Environment variable that holds the password, at least 16 characters",
    ),
    passwordFile: setting(text, "File that holds the password"),
    mayChange: setting(
      z.boolean(),
      "Whether jobs may be retried, removed and promoted there. Default: false, the board only shows",
    ),
  },
  exactlyOne("passwordEnv", "passwordFile"),
);

/** What `gofire serve` keeps, and what it shows to operators. */
export const artifactSections = {
  artifacts: setting(artifacts, "Where captures and renderings are kept, and for how long"),
  queueBoard: setting(
    queueBoard,
    "A page for operators that shows the queue. Without this section there is none",
  ),
};

export type ArtifactsSection = z.infer<typeof artifacts>;
export type QueueBoardSection = z.infer<typeof queueBoard>;
