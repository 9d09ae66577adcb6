import type { SocketOutlet } from "./deliveries/socket-outlet.ts";
import type { Fields } from "./fields.ts";
import { messageFields } from "./messages.ts";
import { viewFields } from "./methods/views.ts";
import type { Traffic } from "./traffic.ts";
import type { Workspace } from "./workspace.ts";

const shownExchanges = 60;

/** Everything one user sees, for the page to draw. Pure JSON. */
export function snapshotFor(
  workspace: Workspace,
  userId: string,
  traffic: Traffic,
  sockets: SocketOutlet,
): Fields {
  const { team, app, manifest } = workspace;
  const home = workspace.homes.get(userId);
  const modal = workspace.modals.get(userId)?.at(-1);
  return {
    team,
    app: { ...app, name: manifest.name },
    me: userId,
    commands: manifest.commands,
    shortcuts: manifest.shortcuts,
    sockets: sockets.open,
    users: [...workspace.users.values()].map(({ id, name, realName, kind }) => ({
      id,
      name,
      realName,
      kind,
    })),
    usergroups: workspace.usergroups,
    channels: [...workspace.channels.values()]
      .filter((channel) => channel.isPrivate !== true || channel.members.has(userId))
      .map((channel) => ({
        id: channel.id,
        name: channel.name,
        topic: channel.topic ?? "",
        isPrivate: channel.isPrivate === true,
        isArchived: channel.isArchived === true,
        isShared: channel.isShared === true,
        isMember: channel.members.has(userId),
        members: channel.members.size,
        messages: channel.messages
          .filter(
            ({ onlyFor, isUnseen }) => (onlyFor === undefined || onlyFor === userId) && isUnseen !== true,
          )
          .map((message) => ({
            ...messageFields(workspace, channel, message),
            is_ephemeral: message.onlyFor !== undefined,
          })),
      })),
    home: home === undefined ? null : viewFields(workspace, home),
    modal: modal === undefined ? null : viewFields(workspace, modal),
    traffic: traffic.exchanges
      .slice(-shownExchanges)
      .map(({ number, atMs, direction, name, status, error, tookMs }) => ({
        number,
        atMs,
        direction,
        name,
        status,
        error,
        tookMs,
      })),
  };
}
