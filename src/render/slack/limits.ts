/**
 * What Slack takes at most. A message beyond one of these is refused whole, so nothing may come close by accident:
 * the builders in blocks.ts cut to them, and say that they cut.
 * Lengths are counted in UTF-16 units: Slack does not say what a character is, and this reading is the strictest
 * that a JavaScript string gives without a look at its bytes.
 */
export const slackLimits = {
  /** https://docs.slack.dev/reference/block-kit/blocks */
  blocks: { message: 50, view: 100 },
  /** https://docs.slack.dev/reference/block-kit/blocks/section-block */
  section: 3_000,
  /** https://docs.slack.dev/reference/block-kit/blocks/header-block */
  header: 150,
  /** https://docs.slack.dev/reference/block-kit/blocks/context-block */
  contextElements: 10,
  /** https://docs.slack.dev/reference/block-kit/blocks/actions-block */
  actions: 25,
  /** https://docs.slack.dev/reference/block-kit/block-elements/button-element; of `value`: 2,000. */
  button: { text: 75, accessibilityLabel: 75, value: 2_000 },
  /** https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object */
  confirm: { title: 100, text: 300, button: 30 },
  /** https://docs.slack.dev/reference/block-kit/composition-objects/option-object */
  option: { text: 75, value: 75, description: 75 },
  /** https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element */
  overflow: 5,
  /** https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element; groups of as many options. */
  select: { options: 100, groups: 100, placeholder: 150 },
  /** https://docs.slack.dev/reference/block-kit/composition-objects/option-group-object */
  groupLabel: 75,
  /** https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element */
  input: { placeholder: 150, value: 3_000 },
  /** https://docs.slack.dev/reference/block-kit/blocks/input-block */
  inputLabel: 2_000,
  /** https://docs.slack.dev/reference/views/modal-views */
  view: { title: 24, button: 24, privateMetadata: 3_000 },
  /** chat.update refuses longer text with msg_too_long: https://docs.slack.dev/reference/methods/chat.update */
  text: 4_000,
  /**
   * Of all blocks of a message together. Undocumented: msg_blocks_too_long was met at about 13,200
   * (https://github.com/slackapi/bolt-js/issues/2509); this keeps away from it.
   */
  messageCharacters: 10_000,
} as const;
