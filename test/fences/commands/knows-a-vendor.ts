// Wrong on purpose: test/fences.test.ts proves that the linter reports it.
import { S3Client } from "@aws-sdk/client-s3";
import { KubeConfig } from "@kubernetes/client-node";
import { WebSocket } from "ws";

export const vendors = [S3Client, KubeConfig, WebSocket];
