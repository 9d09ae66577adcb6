import { validateMessageBlocks } from "../blocks/message.ts";
import type { FaultEffect } from "../faults.ts";
import { type Fields, listOf } from "../fields.ts";
import { fileFields, mimetypeOf } from "../files.ts";
import { addMessage, findMessage } from "../messages.ts";
import { tiers } from "../rate-limits.ts";
import { SlackError } from "../slack-error.ts";
import type { SlackChannel, SlackFile, Workspace } from "../workspace.ts";
import { isMember, type MethodSpec, requiredText, textArg, visibleChannel } from "./method.ts";

const maxFileBytes = 1_000_000_000;

/** An upload that was announced; its bytes arrive at its URL. */
export interface PendingUpload {
  readonly name: string;
  readonly length: number;
  readonly altText?: string;
  bytes?: Buffer;
}

/** Files on their way, by file id. */
export type PendingUploads = Map<string, PendingUpload>;

export function fileMethods(pending: PendingUploads): readonly MethodSpec[] {
  const getUploadUrl: MethodSpec = {
    name: "files.getUploadURLExternal",
    scope: "files:write",
    limit: tiers.tier4,
    required: { filename: "text", length: "number" },
    optional: { alt_txt: "text", snippet_type: "text" },
    run({ args, workspace }) {
      const length = Number(args.length);
      if (length === 0)
        throw new SlackError("missing_argument", {
          response_metadata: { messages: ["[ERROR] missing required field: length"] },
        });
      if (length > maxFileBytes) throw new SlackError("file_upload_size_restricted");
      const altText = textArg(args, "alt_txt");
      if (altText !== undefined && altText.length > 1_000) throw new SlackError("alt_txt_too_large");
      const id = workspace.newId("F");
      pending.set(id, {
        name: requiredText(args, "filename"),
        length,
        ...(altText === undefined ? {} : { altText }),
      });
      return { file_id: id, upload_url: `${workspace.baseUrl}/upload/${id}` };
    },
  };

  const completeUpload: MethodSpec = {
    name: "files.completeUploadExternal",
    scope: "files:write",
    limit: tiers.tier4,
    required: { files: "json" },
    optional: {
      channel_id: "text",
      channels: "text",
      thread_ts: "text",
      initial_comment: "text",
      blocks: "json",
    },
    run({ args, workspace, fault }) {
      const channel = placeOf(workspace, args);
      const wanted = listOf(args.files);
      if (wanted.length === 0) throw new SlackError("invalid_arguments");
      for (const { id } of wanted)
        if (pending.get(String(id))?.bytes === undefined) throw new SlackError("file_not_found");
      if (Array.isArray(args.blocks) && textArg(args, "initial_comment") === undefined) {
        // slackapi/python-slack-sdk#1756
        if (listOf(args.blocks).some(({ type }) => type === "markdown"))
          throw new SlackError("internal_error");
        validateMessageBlocks(workspace, args.blocks);
      }
      const files = wanted.map(({ id, title }) => complete(workspace, pending, String(id), title));
      if (channel !== undefined) share(workspace, channel, files, args, fault);
      return { files: files.flatMap((file) => fileFields(workspace, file)) };
    },
  };

  return [getUploadUrl, completeUpload, info, remove];
}

function placeOf(workspace: Workspace, args: Fields): SlackChannel | undefined {
  const id = textArg(args, "channel_id") ?? textArg(args, "channels");
  if (id === undefined) return undefined;
  const channel = visibleChannel(workspace, id);
  if (channel.isArchived === true) throw new SlackError("is_archived");
  // chat:write.public does not cover files.
  if (!isMember(workspace, channel)) throw new SlackError("not_in_channel");
  const threadTs = textArg(args, "thread_ts");
  if (threadTs !== undefined && findMessage(channel, threadTs) === undefined)
    throw new SlackError("invalid_thread_ts");
  return channel;
}

function complete(workspace: Workspace, pending: PendingUploads, id: string, title: unknown): SlackFile {
  const upload = pending.get(id);
  const now = workspace.clock.nowMs();
  const name = upload?.name ?? id;
  const file: SlackFile = {
    id,
    name,
    title: typeof title === "string" ? title : name,
    mimetype: mimetypeOf(name),
    bytes: upload?.bytes ?? Buffer.alloc(0),
    createdAtMs: now,
    readyAtMs: now + workspace.fileDelays.processMs,
    shares: [],
    ...(upload?.altText === undefined ? {} : { altText: upload.altText }),
  };
  pending.delete(id);
  workspace.files.set(id, file);
  return file;
}

/** The message with the files appears later; the answer to the call does not know its timestamp. */
function share(
  workspace: Workspace,
  channel: SlackChannel,
  files: readonly SlackFile[],
  args: Fields,
  fault: FaultEffect | undefined,
): void {
  // slackapi/python-slack-sdk#1818: alternative text on something that is no picture keeps it from being shared.
  const isMute = files.some(
    ({ altText, mimetype }) => altText !== undefined && !mimetype.startsWith("image/"),
  );
  if (fault?.kind === "not-shared" || isMute) return;
  const threadTs = textArg(args, "thread_ts");
  const comment = textArg(args, "initial_comment");
  const delayMs = fault?.kind === "slow-share" ? fault.delayMs : workspace.fileDelays.shareMs;
  const { app } = workspace;
  workspace.clock.after(delayMs, () => {
    const message = addMessage(workspace, channel, {
      text: comment ?? "",
      subtype: "file_share",
      user: app.botUserId,
      botId: app.botId,
      appId: app.id,
      files: files.map(({ id }) => id),
      ...(comment === undefined && Array.isArray(args.blocks) ? { blocks: listOf(args.blocks) } : {}),
      ...(threadTs === undefined ? {} : { threadTs }),
    });
    for (const file of files)
      file.shares.push({
        channel: channel.id,
        ts: message.ts,
        ...(threadTs === undefined ? {} : { threadTs }),
      });
  });
}

function knownFile(workspace: Workspace, args: Fields): SlackFile {
  const file = workspace.files.get(requiredText(args, "file"));
  if (file === undefined) throw new SlackError("file_not_found");
  return file;
}

const info: MethodSpec = {
  name: "files.info",
  scope: "files:read",
  limit: tiers.tier4,
  required: { file: "text" },
  optional: { cursor: "text", limit: "number" },
  run: ({ args, workspace }) => ({
    file: fileFields(workspace, knownFile(workspace, args))[0],
    comments: [],
  }),
};

const remove: MethodSpec = {
  name: "files.delete",
  scope: "files:write",
  limit: tiers.tier3,
  required: { file: "text" },
  optional: {},
  run({ args, workspace }) {
    const file = knownFile(workspace, args);
    workspace.files.delete(file.id);
    for (const { channel } of file.shares) workspace.changed({ kind: "channel", channel });
    return {};
  },
};
