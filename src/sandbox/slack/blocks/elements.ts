import { isJsonObject } from "../../../domain/json-object.ts";
import {
  anyShape,
  byType,
  type Check,
  flag,
  list,
  matching,
  oneOf,
  report,
  shape,
  text,
  whole,
} from "./shape.ts";

/** Limits of https://docs.slack.dev/reference/block-kit and of the JSDoc of @slack/types 3.2.0. */
export const idText = text(255);
const url = text(3_000);

export function plainText(max: number): Check {
  return byType({ plain_text: shape({ required: { text: text(max) }, optional: { emoji: flag } }) });
}

export function markupText(max: number): Check {
  return anyShape(
    byType({
      plain_text: shape({ required: { text: text(max) }, optional: { emoji: flag } }),
      mrkdwn: shape({ required: { text: text(max) }, optional: { verbatim: flag } }),
    }),
  );
}

/** As `markupText`, where Slack words refusals without the leading line (section fields, context). */
export function markupItem(max: number): Record<"plain_text" | "mrkdwn", Check> {
  return {
    plain_text: shape({ required: { text: text(max) }, optional: { emoji: flag } }),
    mrkdwn: shape({ required: { text: text(max) }, optional: { verbatim: flag } }),
  };
}

const style = oneOf("primary", "danger");

const confirm = shape({
  required: { title: plainText(100), text: markupText(300), confirm: plainText(30), deny: plainText(30) },
  optional: { style },
});

function option(withUrl = false): Check {
  return shape({
    required: { text: markupText(75), value: text(75) },
    optional: { description: markupText(75), ...(withUrl ? { url } : {}) },
  });
}

const optionGroups = list(
  1,
  100,
  shape({ required: { label: plainText(75), options: list(1, 100, option()) } }),
);

/** `https://slack.com/…` cannot be fetched by a stand-in, so an image_url is only checked for its form. */
const publicUrl: Check = (value, pointer, inspection) => {
  text(3_000)(value, pointer, inspection);
  if (typeof value === "string" && !value.startsWith("https://"))
    report(inspection, "downloading image failed", pointer);
};

const slackFile: Check = (value, pointer, inspection) => {
  const before = inspection.problems.length;
  shape({
    optional: { id: matching(/^[F][A-Z0-9]{8,}$/), url: text(3_000) },
    also(fields, at) {
      if ((fields.id === undefined) === (fields.url === undefined))
        report(inspection, "must provide exactly one of: id, url", at);
    },
  })(value, pointer, inspection);
  if (inspection.problems.length > before || !isJsonObject(value)) return;
  if (!inspection.fileIsReady(String(value.id ?? value.url)))
    report(inspection, "invalid slack file", pointer);
};

export const imageFields = {
  required: { alt_text: text(2_000) },
  optional: { image_url: publicUrl, slack_file: slackFile },
  also: (fields: Readonly<Record<string, unknown>>, pointer: string, inspection: Parameters<Check>[2]) => {
    if ((fields.image_url === undefined) === (fields.slack_file === undefined))
      report(inspection, "must provide exactly one of: image_url, slack_file", pointer);
  },
};

export const image = shape(imageFields);

const actionId = { action_id: idText };
const focus = { focus_on_load: flag };
const placeholder = { placeholder: plainText(150) };

const button = shape({
  required: { text: plainText(75) },
  optional: { ...actionId, url, value: text(2_000), style, confirm, accessibility_label: text(75) },
});

const selectFields = { ...actionId, ...placeholder, ...focus, confirm };

function optionSelect(initial: Record<string, Check>, more: Record<string, Check> = {}): Check {
  return shape({
    optional: {
      ...selectFields,
      ...initial,
      ...more,
      options: list(1, 100, option()),
      option_groups: optionGroups,
    },
    also(fields, pointer, inspection) {
      if ((fields.options === undefined) === (fields.option_groups === undefined))
        report(inspection, "must provide exactly one of: options, option_groups", pointer);
    },
  });
}

const several = { max_selected_items: whole(1, 100) };
const optionList = list(1, 10, option());

/** Interactive elements that stand in an actions block, beside a section or in an input. */
export const elements = {
  button,
  overflow: shape({ required: { options: list(2, 5, option(true)) }, optional: { ...actionId, confirm } }),
  static_select: optionSelect({ initial_option: option() }),
  multi_static_select: optionSelect({ initial_options: list(1, 100, option()) }, several),
  users_select: shape({ optional: { ...selectFields, initial_user: idText } }),
  multi_users_select: shape({
    optional: { ...selectFields, ...several, initial_users: list(1, 100, idText) },
  }),
  conversations_select: shape({
    optional: {
      ...selectFields,
      initial_conversation: idText,
      default_to_current_conversation: flag,
      response_url_enabled: flag,
      filter: shape({
        optional: {
          include: list(1, 4, idText),
          exclude_external_shared_channels: flag,
          exclude_bot_users: flag,
        },
      }),
    },
  }),
  channels_select: shape({
    optional: { ...selectFields, initial_channel: idText, response_url_enabled: flag },
  }),
  checkboxes: shape({
    required: { options: optionList },
    optional: { ...actionId, ...focus, confirm, initial_options: optionList },
  }),
  radio_buttons: shape({
    required: { options: optionList },
    optional: { ...actionId, ...focus, confirm, initial_option: option() },
  }),
  datepicker: shape({ optional: { ...selectFields, initial_date: matching(/^\d{4}-\d{2}-\d{2}$/) } }),
  timepicker: shape({
    optional: { ...selectFields, initial_time: matching(/^\d{2}:\d{2}$/), timezone: idText },
  }),
} as const satisfies Record<string, Check>;

export const inputElements: Readonly<Record<string, Check>> = {
  ...withoutButtons(),
  plain_text_input: shape({
    optional: {
      ...actionId,
      ...placeholder,
      ...focus,
      initial_value: text(3_000, 0),
      multiline: flag,
      min_length: whole(0, 3_000),
      max_length: whole(1, 3_000),
      dispatch_action_config: shape({ optional: { trigger_actions_on: list(1, 2, idText) } }),
    },
  }),
  number_input: shape({
    required: { is_decimal_allowed: flag },
    optional: {
      ...actionId,
      ...placeholder,
      ...focus,
      initial_value: text(300),
      min_value: text(300),
      max_value: text(300),
    },
  }),
};

function withoutButtons(): Record<string, Check> {
  const { button: _button, overflow: _overflow, ...rest } = elements;
  return rest;
}
