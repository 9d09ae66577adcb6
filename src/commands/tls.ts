import { UsageError } from "../domain/errors.ts";
import { readTlsTarget } from "../domain/tls/target.ts";
import { accessOptions } from "./access/target-access.ts";
import { withKnownTls } from "./access/tls-access.ts";
import { defineCommand } from "./command.ts";

const { ca, cert, key, "server-name": serverName } = accessOptions;

export const tls = defineCommand({
  name: "tls",
  summary: "Say why TLS handshakes with a host fail, in Go's words",
  usage: "HOST[:PORT] [options]",
  examples: [
    {
      line: "tls order.example",
      does: "port 443: a handful of handshakes, nothing sent after them, 15 s at most",
    },
    {
      line: "tls 10.0.0.5:8443 --server-name order.example",
      does: "one backend, by the name that clients ask for",
    },
    { line: "tls order.internal:8443 --ca ca.pem", does: "held against a private authority" },
    {
      line: "tls order.internal --ca ca.pem --cert client.pem --key client-key.pem",
      does: "with a client certificate (mTLS)",
    },
  ],
  operands: { placeholder: "HOST", min: 1, max: 1 },
  options: {
    "server-name": { ...serverName, summary: "name to send (SNI) and to expect in the certificate" },
    ca,
    cert,
    key,
    config: {
      kind: "text",
      placeholder: "FILE",
      short: "c",
      summary: "gofire.yaml whose tls settings hold for its targets",
    },
    format: { kind: "choice", choices: ["text", "json", "markdown"], short: "f", summary: "how to print" },
    verbose: { kind: "flag", short: "v", summary: "every handshake and every certificate" },
  },
  async run(context, { operands: [word = ""], ...options }, ports) {
    const asked = readTlsTarget(word);
    if ((options.cert === undefined) !== (options.key === undefined))
      throw new UsageError("--cert and --key go together.");
    const [config, host, probes] = await Promise.all([
      ports.config(options.config),
      ports.host(),
      ports.tlsProbes(),
    ]);
    const { request, using } = await withKnownTls(asked, config, host);
    const typed = {
      ...(options.ca === undefined ? {} : { ca: await host.readText(options.ca) }),
      ...(options.cert === undefined ? {} : { cert: await host.readText(options.cert) }),
      ...(options.key === undefined ? {} : { key: await host.readText(options.key) }),
      ...(options["server-name"] === undefined ? {} : { serverName: options["server-name"] }),
    };
    const probe = await probes.probe(
      { ...request, tls: { ...request.tls, ...typed } },
      (line) => context.progress(line),
      context.signal,
    );
    const { judgeTls } = await import("../domain/tls/report.ts");
    return { kind: "tls", report: { ...judgeTls(probe), ...(using === undefined ? {} : { using }) } };
  },
});
