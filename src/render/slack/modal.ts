import type { ChatReply, ServiceChoice, SnapshotPreset } from "../../domain/chat/chat-reply.ts";
import { snapshotForm } from "../../domain/chat/snapshot-form.ts";
import { type Block, context, plainText } from "./blocks.ts";
import { words } from "./escape.ts";
import { slackLimits } from "./limits.ts";

const { fields, extras } = snapshotForm;

/**
 * The form that asks which service is to be captured, and how; and for which channel, where it was not opened in one.
 * What it means is in domain/chat/snapshot-form.ts.
 */
export function snapshotModal(
  { services, preset }: Pick<Extract<ChatReply, { kind: "ask" }>, "services" | "preset">,
  { asksChannel = false }: { readonly asksChannel?: boolean } = {},
): object {
  return {
    type: "modal",
    callback_id: snapshotForm.id,
    title: plainText("Capture a service", slackLimits.view.title),
    submit: plainText("Capture", slackLimits.view.button),
    close: plainText("Cancel", slackLimits.view.button),
    blocks: [
      ...serviceBlocks(services, preset),
      ...(asksChannel
        ? [input(fields.channel, "Channel", channelSelect, { hint: "The card goes there." })]
        : []),
      input(fields.instance, "Process", typed("order-2", preset.instance), {
        hint: "Its name, or its pod's. Left empty: the first one.",
        isOptional: true,
      }),
      input(fields.cpu, "CPU profile", cpuSelect(preset.cpuSeconds), {
        hint: "Left empty: as gofire.yaml says.",
        isOptional: true,
      }),
      input(fields.extras, "Also capture", extrasChoice(preset), { isOptional: true }),
    ],
  };
}

/** Messages between people are left out: gofire cannot post there. */
const channelSelect = {
  type: "conversations_select",
  placeholder: plainText("Choose a channel", slackLimits.select.placeholder),
  filter: { include: ["public", "private"], exclude_bot_users: true },
};

interface InputOptions {
  readonly hint?: string;
  readonly isOptional?: boolean;
}

/** Block and element have the same id, by which the answer is found. */
function input(id: string, label: string, element: object, { hint, isOptional }: InputOptions): Block {
  return {
    type: "input",
    block_id: id,
    label: plainText(label, slackLimits.inputLabel),
    element: { ...element, action_id: id },
    ...(hint === undefined ? {} : { hint: plainText(hint, slackLimits.inputLabel) }),
    ...(isOptional === true ? { optional: true } : {}),
  };
}

function typed(placeholder: string, initial: string | undefined): object {
  return {
    type: "plain_text_input",
    placeholder: plainText(placeholder, slackLimits.input.placeholder),
    ...(initial === undefined || initial === "" || initial.length > slackLimits.input.value
      ? {}
      : { initial_value: initial }),
  };
}

/** Of a view, beside what else is in it (https://docs.slack.dev/reference/methods/views.open: 250 kB). */
const mostOptionBytes = 200_000;

/**
 * All services to choose from: up to a hundred in one list, more in lists named by their first and last. Where there
 * are none, or more than a view can hold, the name is typed.
 */
function serviceBlocks(services: readonly ServiceChoice[], preset: SnapshotPreset): readonly Block[] {
  const named = services.filter(({ name }) => name !== "" && name.length <= slackLimits.option.value);
  const options = named.map(({ name, instances }) => serviceOption(name, instances));
  const { options: most, groups: mostGroups } = slackLimits.select;
  const isTyped =
    options.length === 0 ||
    options.length > most * mostGroups ||
    new TextEncoder().encode(JSON.stringify(options)).length > mostOptionBytes;
  if (isTyped) {
    const hint = services.length === 0 ? "gofire.yaml names no services yet." : "As gofire.yaml names it.";
    return [input(fields.service, "Service", typed("order", preset.service), { hint })];
  }
  const initial = options.find(({ value }) => value === preset.service);
  const select = {
    type: "static_select",
    placeholder: plainText("Choose a service", slackLimits.select.placeholder),
    ...(options.length <= most ? { options } : { option_groups: inGroups(options, most) }),
    ...(initial === undefined ? {} : { initial_option: initial }),
  };
  const left = services.length - named.length;
  return [
    input(fields.service, "Service", select, {}),
    ...(left === 0
      ? []
      : context([
          words(`${left} with very long names are left out: /gofire snapshot NAME takes them.`, 200),
        ])),
  ];
}

interface Option {
  readonly text: ReturnType<typeof plainText>;
  readonly value: string;
}

function option(label: string, value: string, description = ""): Option {
  return {
    text: plainText(label, slackLimits.option.text),
    value,
    ...(description === "" ? {} : { description: plainText(description, slackLimits.option.description) }),
  };
}

function serviceOption(name: string, instances: readonly string[]): Option {
  return option(name, name, instances.length > 1 ? `${instances.length} processes` : "");
}

function inGroups(options: readonly Option[], size: number): readonly object[] {
  return Array.from({ length: Math.ceil(options.length / size) }, (_, index) => {
    const members = options.slice(index * size, (index + 1) * size);
    const label = `${members[0]?.value} … ${members.at(-1)?.value}`;
    return { label: plainText(label, slackLimits.groupLabel), options: members };
  });
}

const cpuSeconds = [0, 10, 20, 30, 60] as const;

function cpuSelect(preset: number | undefined): object {
  const choices = [...new Set([...cpuSeconds, ...(preset === undefined ? [] : [preset])])].sort(
    (a, b) => a - b,
  );
  const options = choices.map((seconds) => option(seconds === 0 ? "None" : `${seconds} s`, String(seconds)));
  const initial = options.find(({ value }) => value === String(preset));
  return {
    type: "static_select",
    placeholder: plainText("As usual", slackLimits.select.placeholder),
    options,
    ...(initial === undefined ? {} : { initial_option: initial }),
  };
}

const extraWords: Readonly<Record<(typeof extras)[number], readonly [label: string, does: string]>> = {
  block: ["Blocking profile", "Where goroutines wait: recorded for 10 s, where the service lends its rate"],
  deep: ["Large goroutine dump", "Stops the process for a moment, also with many goroutines"],
  peer: ["Compare with a peer", "Captures another process of the service, too, for a moment"],
};

function extrasChoice(preset: SnapshotPreset): object {
  const options = extras.map((extra) => option(extraWords[extra][0], extra, extraWords[extra][1]));
  const ticked = options.filter(({ value }) =>
    extras.some((extra) => extra === value && preset[extra] === true),
  );
  return {
    type: "checkboxes",
    options,
    ...(ticked.length === 0 ? {} : { initial_options: ticked }),
  };
}
