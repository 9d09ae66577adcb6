import { validateView } from "../blocks/view.ts";
import { storedBlocks } from "../echo.ts";
import { type Fields, listOf } from "../fields.ts";
import { tiers } from "../rate-limits.ts";
import { refusedFields, SlackError } from "../slack-error.ts";
import type { SlackView, Workspace } from "../workspace.ts";
import { type MethodSpec, requiredText, textArg } from "./method.ts";

const maxStack = 3;

/** A view as payloads and answers show it. */
export function viewFields(workspace: Workspace, view: SlackView, values: Fields = {}): Fields {
  return {
    callback_id: "",
    private_metadata: "",
    ...view.view,
    type: view.kind,
    id: view.id,
    team_id: workspace.team.id,
    hash: view.hash,
    state: { values },
    root_view_id: view.rootId,
    previous_view_id: null,
    app_id: workspace.app.id,
    bot_id: workspace.app.botId,
  };
}

function withBlockIds(workspace: Workspace, view: Fields): Fields {
  return { ...view, blocks: storedBlocks(listOf(view.blocks), () => workspace.newId("b")) };
}

/** Opens a modal on top of the user's stack. */
export function stackView(workspace: Workspace, userId: string, checked: Fields): SlackView {
  const stack = workspace.modals.get(userId) ?? [];
  if (stack.length >= maxStack) throw new SlackError("push_limit_reached");
  const id = workspace.newId("V");
  const externalId = textArg(checked, "external_id");
  const view: SlackView = {
    id,
    rootId: stack[0]?.id ?? id,
    kind: "modal",
    userId,
    view: withBlockIds(workspace, checked),
    hash: workspace.newId("h"),
    ...(externalId === undefined ? {} : { externalId }),
  };
  workspace.modals.set(userId, [...stack, view]);
  workspace.changed({ kind: "view", userId });
  return view;
}

export function changeView(workspace: Workspace, view: SlackView, checked: Fields): void {
  view.view = withBlockIds(workspace, checked);
  view.hash = workspace.newId("h");
  workspace.changed({ kind: view.kind === "home" ? "home" : "view", userId: view.userId });
}

/** Uses a trigger up and returns whose it is. */
function spend(workspace: Workspace, triggerId: string): string {
  const trigger = workspace.triggers.get(triggerId);
  if (trigger === undefined)
    throw refusedFields("invalid_arguments", ["invalid `trigger_id` [json-pointer:/trigger_id]"]);
  if (trigger.used) throw new SlackError("exchanged_trigger_id");
  if (trigger.expiresAtMs < workspace.clock.nowMs()) throw new SlackError("expired_trigger_id");
  trigger.used = true;
  return trigger.userId;
}

function openMethod(name: "views.open" | "views.push"): MethodSpec {
  return {
    name,
    limit: tiers.tier4,
    required: { view: "json" },
    optional: { trigger_id: "text", interactivity_pointer: "text" },
    run({ args, workspace }) {
      const checked = validateView(workspace, args.view, "modal");
      const userId = spend(workspace, requiredText(args, "trigger_id"));
      if (name === "views.open") workspace.modals.delete(userId);
      return { view: viewFields(workspace, stackView(workspace, userId, checked)) };
    },
  };
}

const update: MethodSpec = {
  name: "views.update",
  limit: tiers.tier4,
  required: { view: "json" },
  optional: { view_id: "text", external_id: "text", hash: "text" },
  run({ args, workspace }) {
    const open = [...workspace.modals.values()].flat();
    const view = open.find(({ id, externalId }) =>
      args.view_id === undefined ? externalId === args.external_id : id === args.view_id,
    );
    if (view === undefined) throw new SlackError("not_found");
    const checked = validateView(workspace, args.view, "modal");
    if (args.hash !== undefined && args.hash !== view.hash) throw new SlackError("hash_conflict");
    changeView(workspace, view, checked);
    return { view: viewFields(workspace, view) };
  },
};

const publish: MethodSpec = {
  name: "views.publish",
  limit: tiers.tier4,
  required: { user_id: "text", view: "json" },
  optional: { hash: "text" },
  run({ args, workspace }) {
    const userId = requiredText(args, "user_id");
    if (!workspace.users.has(userId)) throw new SlackError("user_not_found");
    const checked = validateView(workspace, args.view, "home");
    const known = workspace.homes.get(userId);
    if (known !== undefined && args.hash !== undefined && args.hash !== known.hash)
      throw new SlackError("hash_conflict");
    const id = known?.id ?? workspace.newId("V");
    const view: SlackView = known ?? { id, rootId: id, kind: "home", userId, view: {}, hash: "" };
    workspace.homes.set(userId, view);
    changeView(workspace, view, checked);
    return { view: viewFields(workspace, view) };
  },
};

export const viewMethods: readonly MethodSpec[] = [
  openMethod("views.open"),
  openMethod("views.push"),
  update,
  publish,
];
