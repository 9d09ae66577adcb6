import * as z from "zod/mini";
import { chatId } from "./chat-schema.ts";
import { configFiles } from "./config-history-schema.ts";
import { conditionsOf, needed, section, setting, wholeNumber } from "./schema-words.ts";

/** In days and hours, because approvals are people's. */
const expiry = z
  .string()
  .check(z.regex(/^(?:[1-9]\d{0,2})[hd]$/, { error: "must be hours or days, for example 12h or 7d" }));

const environment = section({
  paths: needed(
    configFiles,
    "Files and folders of the repository named under `configHistory` that are the environment's configuration",
  ),
  approvals: setting(
    wholeNumber(1, 10),
    "How many people have to approve, none of whom wrote any of it; one more for each author nobody of `people` is. Default: 2",
  ),
});

const name = z.string().check(
  z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, {
    error: "is not an environment's name: letters, digits, dots and dashes",
  }),
);

const environments = z
  .record(name, environment)
  .check(z.refine((named) => Object.keys(named).length > 0, { error: "must name at least one environment" }));
conditionsOf.add(environments, { allOf: [{ minProperties: 1 }] });

const gate = section({
  environments: needed(environments, "Environments by name, and what each of them asks for"),
  expiresAfter: setting(
    expiry,
    "How long an approval or rejection counts, for example 12h or 7d. Default: 7d",
  ),
});

const address = z.string().check(
  z.regex(/^[^\s<>@]+@[^\s<>@]+$/, {
    error: "must be an address as commits have it, like ana@shop.example",
  }),
);
const addresses = z
  .array(address)
  .check(z.refine((named) => named.length > 0, { error: "must name at least one address" }));
conditionsOf.add(addresses, { allOf: [{ minItems: 1 }] });

const person = section({
  git: needed(
    addresses,
    "Every address that they commit with, so that nobody approves what they wrote; git log --format='%ae %ce' lists them",
  ),
});

const people = z.record(
  chatId("UW", "must be the id of a person, like U024BE7LH: in Slack, open the profile, ⋮, Copy member ID"),
  person,
);

/** What has to happen before a change of configuration is released, and who people are. */
export const gateSections = {
  gate: setting(gate, "What a change of configuration needs before it may be released"),
  people: setting(
    people,
    "Who commits with which addresses, by the person's id in the chat: who is not here cannot approve",
  ),
};

export type GateSection = z.infer<typeof gate>;
export type PeopleSection = z.infer<typeof people>;
