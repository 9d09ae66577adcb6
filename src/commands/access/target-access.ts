import { UsageError } from "../../domain/errors.ts";
import type { GoTargetAccess } from "../../ports/go-target.ts";
import type { Arguments } from "../command.ts";
import type { Ports } from "../context.ts";
import { userOf } from "./targets.ts";

/** How to reach and convince a target. Secrets come from the environment or a file, never from the command line. */
export const accessOptions = {
  "pprof-path": {
    kind: "text",
    placeholder: "PATH",
    summary: "path of the pprof index (default /debug/pprof/)",
  },
  metrics: {
    kind: "text",
    placeholder: "PATH|URL",
    summary: "where the Prometheus scrape is (default /metrics)",
  },
  "profile-rates": {
    kind: "text",
    placeholder: "PATH",
    summary: "where the process lends the rates of its profiles (default nowhere)",
  },
  socket: {
    kind: "text",
    placeholder: "PATH",
    summary: "connect to this unix socket instead of the URL's host",
  },
  header: { kind: "texts", placeholder: "'NAME: VALUE'", short: "H", summary: "send this header, too" },
  "bearer-env": {
    kind: "text",
    placeholder: "VARIABLE",
    summary: "environment variable with a bearer token",
  },
  user: { kind: "text", placeholder: "NAME", summary: "user for basic authentication" },
  "password-env": {
    kind: "text",
    placeholder: "VARIABLE",
    summary: "environment variable with that user's password",
  },
  ca: {
    kind: "text",
    placeholder: "FILE",
    summary: "certificate authority to trust instead of the system's",
  },
  cert: { kind: "text", placeholder: "FILE", summary: "client certificate (mTLS)" },
  key: { kind: "text", placeholder: "FILE", summary: "its private key" },
  "server-name": { kind: "text", placeholder: "NAME", summary: "name to expect in the server's certificate" },
  proxy: { kind: "text", placeholder: "URL", summary: "go through this HTTP proxy" },
} as const;

/** Collects what the options say. Throws UsageError when a variable or a file is missing. */
export async function accessOf(
  options: Omit<Arguments<typeof accessOptions>, "operands">,
  ports: Ports,
): Promise<GoTargetAccess> {
  const host = await ports.host();

  function secret(variable: string): string {
    const value = host.environment(variable);
    if (value === undefined) throw new UsageError(`The environment variable ${variable} is not set.`);
    return value;
  }

  const { user, ca, cert, key, proxy } = options;
  const bearer = options["bearer-env"];
  const passwordVariable = options["password-env"];
  const serverName = options["server-name"];
  if (bearer !== undefined && user !== undefined)
    throw new UsageError("--bearer-env and --user exclude each other.");
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("--cert and --key go together.");
  if (user !== undefined && passwordVariable === undefined)
    throw new UsageError("--user needs --password-env VARIABLE.");

  const tls = {
    ...(ca === undefined ? {} : { ca: await host.readText(ca) }),
    ...(cert === undefined ? {} : { cert: await host.readText(cert) }),
    ...(key === undefined ? {} : { key: await host.readText(key) }),
    ...(serverName === undefined ? {} : { serverName }),
  };
  return {
    ...(bearer === undefined ? {} : { credentials: { kind: "bearer" as const, token: secret(bearer) } }),
    ...(user === undefined || passwordVariable === undefined
      ? {}
      : { credentials: { kind: "basic" as const, username: user, password: secret(passwordVariable) } }),
    ...(options.header === undefined ? {} : { headers: headersOf(options.header) }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    ...(proxy === undefined ? {} : { proxy: proxyOf(proxy) }),
  };
}

function headersOf(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim();
    if (colon < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      throw new UsageError(`"${line}" is no header. Write 'NAME: VALUE'.`);
    }
    headers[name] = line.slice(colon + 1).trim();
  }
  return headers;
}

function proxyOf(text: string): NonNullable<GoTargetAccess["proxy"]> {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`"${text}" is no proxy URL. Write http://HOST:PORT.`);
  }
  if (!/^https?:$/.test(url.protocol) || url.hostname === "") {
    const { protocol } = url;
    throw new UsageError(`--proxy is an HTTP proxy, http://HOST:PORT or https://…; not one of ${protocol}//`);
  }
  const credentials = url.username === "" ? undefined : userOf(url);
  url.username = "";
  url.password = "";
  return { url: url.href, ...(credentials === undefined ? {} : { credentials }) };
}
