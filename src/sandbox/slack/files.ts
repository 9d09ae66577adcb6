import type { Fields } from "./fields.ts";
import type { SlackFile, Workspace } from "./workspace.ts";

/** A file as files.info shows it: its type is unknown until it was processed, its shares until they happened. */
export function fileFields(workspace: Workspace, file: SlackFile | undefined): readonly Fields[] {
  if (file === undefined) return [];
  const isReady = isProcessed(workspace, file);
  const url = `${workspace.baseUrl}/files/${file.id}/${encodeURIComponent(file.name)}`;
  const places = { public: sharesIn(workspace, file, false), private: sharesIn(workspace, file, true) };
  return [
    {
      id: file.id,
      created: Math.floor(file.createdAtMs / 1_000),
      name: file.name,
      title: file.title,
      mimetype: isReady ? file.mimetype : "",
      filetype: isReady ? (file.name.split(".").at(-1) ?? "") : "",
      user: workspace.app.botUserId,
      size: file.bytes.length,
      mode: "hosted",
      is_external: false,
      is_public: Object.keys(places.public).length > 0,
      url_private: url,
      url_private_download: `${url}?download`,
      permalink: `${workspace.baseUrl}/archives/files/${file.id}`,
      ...(isReady && file.mimetype.startsWith("image/") ? { thumb_720: url } : {}),
      ...(file.altText === undefined ? {} : { alt_txt: file.altText }),
      channels: Object.keys(places.public),
      groups: Object.keys(places.private),
      shares: Object.fromEntries(
        Object.entries(places).filter(([, shares]) => Object.keys(shares).length > 0),
      ),
    },
  ];
}

export function isProcessed(workspace: Workspace, file: SlackFile): boolean {
  return file.readyAtMs !== undefined && file.readyAtMs <= workspace.clock.nowMs();
}

function sharesIn(
  workspace: Workspace,
  file: SlackFile,
  isPrivate: boolean,
): Record<string, readonly Fields[]> {
  const result: Record<string, Fields[]> = {};
  for (const { channel, ts, threadTs } of file.shares) {
    const place = workspace.channels.get(channel);
    if (place === undefined || (place.isPrivate === true) !== isPrivate) continue;
    const share = {
      ts,
      channel_name: place.name,
      team_id: workspace.team.id,
      share_user_id: workspace.app.botUserId,
    };
    (result[channel] ??= []).push(threadTs === undefined ? share : { ...share, thread_ts: threadTs });
  }
  return result;
}

const typesByExtension: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  svg: "image/svg+xml",
  txt: "text/plain",
  md: "text/markdown",
  json: "application/json",
  html: "text/html",
  gz: "application/gzip",
};

export function mimetypeOf(name: string): string {
  return typesByExtension[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "application/octet-stream";
}
