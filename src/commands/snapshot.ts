import type { CaptureRequest } from "../capture/request.ts";
import type { GofireConfig } from "../config/gofire-config.ts";
import { UsageError } from "../domain/errors.ts";
import { askedKinds, optionalKinds } from "../domain/evidence/capture.ts";
import { captureTarget } from "./access/capture-target.ts";
import { configCatalog } from "./access/config-history.ts";
import { metricsCatalog } from "./access/metrics-server.ts";
import { chosenTarget, serviceTargets } from "./access/service-targets.ts";
import { accessOf, accessOptions } from "./access/target-access.ts";
import {
  looksLikeAddress,
  type NamedTarget,
  serviceNamed,
  type TargetOverrides,
  typedTarget,
} from "./access/targets.ts";
import { analyseCaptured, analysisOptions, checkRules, nothingCaptured, settingsFor } from "./analysis.ts";
import { wholeSeconds } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext, Ports } from "./context.ts";

export const snapshot = defineCommand({
  name: "snapshot",
  summary: "Capture a running Go service safely and say what is wrong",
  usage: "URL|SERVICE [options]",
  examples: [
    { line: "snapshot http://localhost:6060", does: "a service whose pprof listens there" },
    { line: "snapshot order", does: "a service of gofire.yaml; asks its first process" },
    { line: "snapshot order --instance order-7c9-x2", does: "the process of that name" },
    {
      line: "snapshot localhost:6060 --cpu 0s --gap 5s",
      does: "quicker: no CPU profile, goroutines 5 s apart",
    },
    { line: "snapshot localhost:6060 --deep", does: "with a goroutine dump of up to 10,000 goroutines" },
    {
      line: "snapshot https://order.example:6060 --bearer-env TOKEN",
      does: "with a token from the environment",
    },
  ],
  operands: { placeholder: "URL or SERVICE", min: 1, max: 1, names: "service" },
  options: {
    ...analysisOptions,
    instance: { kind: "text", placeholder: "NAME", summary: "which process of the service" },
    cpu: {
      kind: "duration",
      placeholder: "10s",
      minMs: 0,
      maxMs: 300_000,
      summary: "length of the CPU profile; 0s takes none",
    },
    block: {
      kind: "duration",
      placeholder: "10s",
      minMs: 0,
      maxMs: 45_000,
      summary: "how long waits are recorded, where the process lends its rates; 0s (default) raises none",
    },
    gap: {
      kind: "duration",
      placeholder: "15s",
      minMs: 0,
      maxMs: 600_000,
      summary: "least time between the two goroutine profiles",
    },
    deep: {
      kind: "flag",
      summary: "allow a goroutine dump, which stops the world, of more than 2,000 goroutines",
    },
    "dump-limit": {
      kind: "integer",
      placeholder: "N",
      min: 0,
      max: 100_000_000,
      summary: "most goroutines for which a dump is taken; above 2,000 needs --deep",
    },
    include: {
      kind: "list",
      placeholder: optionalKinds.join(","),
      choices: optionalKinds,
      summary: "take these as well",
    },
    exclude: { kind: "list", placeholder: "KIND,KIND", choices: askedKinds, summary: "leave these out" },
    deadline: {
      kind: "duration",
      placeholder: "2m",
      minMs: 1_000,
      maxMs: 3_600_000,
      summary: "end with what there is after this",
    },
    out: {
      kind: "text",
      placeholder: "FOLDER",
      short: "o",
      summary: "where the bundle is kept (default: here)",
    },
    ...accessOptions,
  },
  async run(context, { operands, ...options }, ports) {
    await checkRules(options.rules);
    const word = operands[0] ?? "";
    const [config, access] = await Promise.all([ports.config(options.config), accessOf(options, ports)]);
    const overrides: TargetOverrides = {
      pprofPath: options["pprof-path"],
      metrics: options.metrics,
      profileRatesPath: options["profile-rates"],
      socketPath: options.socket,
      access,
    };
    // Whoever has the terminal may name any address; a name is looked up and never taken for an address.
    const typed = looksLikeAddress(word);
    const service = typed ? options.service : word;
    const settings = typed ? settingsFor(config, service) : serviceNamed(config, word);
    const { target, trouble } = typed
      ? { target: { ...typedTarget(word, overrides), ...(service === undefined ? {} : { service }) } }
      : await processOf(word, options.instance, config, overrides, context, ports);
    const request = { ...settings?.capture, ...requestOf(options) };
    const host = await ports.host();
    const metrics = metricsCatalog(config, ports, host);
    const configs = await configCatalog(config, ports, host);
    const around = {
      ...(metrics === undefined ? {} : { metrics }),
      ...(configs === undefined ? {} : { configs }),
    };
    const captured = await captureTarget(target, request, options.out ?? ".", context, ports, around);
    if ("why" in captured) {
      // Where nothing answered at all that is all there is to say; but a program gets its document all the same.
      if (captured.bundle === undefined && options.format === "text") throw captured.why;
      return await nothingCaptured({ ...options, service }, captured, ports);
    }
    context.progress("Judging the evidence…");
    // Who stops a capture still wants to know what it showed: only a second Ctrl-C ends that.
    const judging = { ...context, signal: new AbortController().signal };
    const reply = await analyseCaptured(captured, { ...options, service }, judging, ports);
    return { ...reply, problems: [...(trouble === undefined ? [] : [trouble]), ...reply.problems] };
  },
});

/** A process of a service of gofire.yaml, and what stood in the way of knowing all of them as of now. */
async function processOf(
  name: string,
  instance: string | undefined,
  config: GofireConfig | undefined,
  overrides: TargetOverrides,
  context: CommandContext,
  ports: Ports,
): Promise<{ readonly target: NamedTarget; readonly trouble?: string }> {
  const service = serviceNamed(config, name);
  const [host, sources, clock] = await Promise.all([ports.host(), ports.targetSources(), ports.clock()]);
  const { signal } = context;
  const known = await serviceTargets(config, { host, sources, clock }).of(name, signal);
  const target = await chosenTarget(name, service, known, instance).named(overrides, signal);
  return { target, ...(known.trouble === undefined ? {} : { trouble: known.trouble }) };
}

/** The capture request that the options describe. */
function requestOf(options: CaptureWords): Partial<CaptureRequest> {
  const include = (options.include ?? []).map((word) => {
    const kind = optionalKinds.find((candidate) => candidate === word);
    if (kind === undefined)
      throw new UsageError(`--include takes ${optionalKinds.join(", ")}; not "${word}".`);
    return kind;
  });
  const exclude = (options.exclude ?? []).map((word) => {
    const kind = askedKinds.find((candidate) => candidate === word);
    if (kind === undefined) throw new UsageError(`--exclude takes ${askedKinds.join(", ")}; not "${word}".`);
    return kind;
  });
  const limit = options["dump-limit"];
  return {
    deep: options.deep,
    ...(options.include === undefined ? {} : { include }),
    ...(options.exclude === undefined ? {} : { exclude }),
    ...(options.cpu === undefined ? {} : { cpuSeconds: wholeSeconds(options.cpu) }),
    ...(options.block === undefined ? {} : { blockSeconds: wholeSeconds(options.block) }),
    ...(options.gap === undefined ? {} : { goroutineGapMs: options.gap }),
    ...(options.deadline === undefined ? {} : { deadlineMs: options.deadline }),
    ...(limit === undefined ? {} : { dumpLimit: limit }),
  };
}

interface CaptureWords {
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[] | undefined;
  readonly deep: boolean;
  readonly cpu: number | undefined;
  readonly block: number | undefined;
  readonly gap: number | undefined;
  readonly deadline: number | undefined;
  readonly "dump-limit": number | undefined;
}
