import { describe, expect, test } from "vitest";
import type { GofireConfig } from "../../src/config/gofire-config.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { thisHost } from "../../src/integrations/host/this-host.ts";
import { configuredParts } from "../../src/serve-parts.ts";

function config(source: string): GofireConfig {
  return parseConfig(source, "gofire.yaml", "/etc/gofire", []);
}

async function reached(
  source: string,
  environment: Readonly<Record<string, string>>,
  contentOf = (path: string) => `content of ${path}\n`,
) {
  const host = {
    ...thisHost,
    environment: (name: string) => environment[name],
    readText: (path: string) => Promise.resolve(contentOf(path)),
  };
  const parts = configuredParts(config(source), host, "0.0.0");
  try {
    return await parts.browser?.();
  } finally {
    await parts.close?.();
  }
}

describe("web", () => {
  test("is what the environment says where the file says nothing", async () => {
    expect(await reached("", {})).toBeUndefined();
    expect(await reached("", { GOFIRE_URL: "https://env.example", GOFIRE_LINK_SECRET: "s" })).toEqual({
      url: "https://env.example",
      secret: "s",
    });
    expect(await reached("web: { linkSecretFile: links }", { GOFIRE_URL: "https://env.example" })).toEqual({
      url: "https://env.example",
      secret: "content of /etc/gofire/links",
    });
  });

  test("comes from the file first, secrets by reference", async () => {
    const environment = { GOFIRE_URL: "https://env.example", GOFIRE_LINK_SECRET: "s", LINKS: "from LINKS" };
    expect(await reached("web: { url: 'https://file.example', linkSecretEnv: LINKS }", environment)).toEqual({
      url: "https://file.example",
      secret: "from LINKS",
    });
  });

  test("a secret that is not there is told with its place", async () => {
    await expect(reached("web: { url: 'https://x.example', linkSecretEnv: NONE }", {})).rejects.toThrow(
      "gofire.yaml: web: the environment variable NONE is not set.",
    );
  });

  test("an empty file is no secret", async () => {
    const source = "web: { url: 'https://x.example', linkSecretFile: links }";
    await expect(reached(source, {}, () => "\n")).rejects.toThrow(
      "gofire.yaml: web: /etc/gofire/links is empty.",
    );
  });

  test.each([
    ["web: { url: gofire.example }", "1:13", "without a path"],
    ["web: { url: 'https://x.example/gofire' }", "1:13", "without a path"],
    ["web: { url: 'https://me:pw@x.example' }", "1:13", "looks like a secret"],
    ["web: { linkSecret: abc }", "1:8", "linkSecret"],
    ["web: { linkSecretEnv: A, linkSecretFile: b }", "1:42", "keep one of the two"],
  ])("%s is refused at %s", (source, place, message) => {
    expect(() => config(source)).toThrow(message);
    expect(() => config(source)).toThrow(`gofire.yaml:${place}: `);
  });
});
