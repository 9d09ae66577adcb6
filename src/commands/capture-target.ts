import { type CaptureRequest, defaultRequest } from "../capture/request.ts";
import { PortError, UsageError } from "../domain/errors.ts";
import type { CommandContext, Ports } from "./context.ts";
import { progressText } from "./progress-text.ts";
import { stateFolder } from "./state-folder.ts";
import { type NamedTarget, openTarget } from "./targets.ts";

/** Captures one target into a new bundle below `folder` and returns the bundle's path. */
export async function captureTarget(
  target: NamedTarget,
  request: Partial<CaptureRequest>,
  folder: string,
  context: CommandContext,
  ports: Ports,
): Promise<string> {
  const [{ runCapture }, host, store, clock, goTargets] = await Promise.all([
    import("../capture/run.ts"),
    ports.host(),
    ports.captureStore(folder),
    ports.clock(),
    ports.goTargets(),
  ]);
  const goTarget = openTarget(target, goTargets);
  const lock = await ports.captureLock(`${stateFolder(host)}/locks`);
  try {
    const outcome = await runCapture(
      { ...defaultRequest, ...request, ...(target.service === undefined ? {} : { service: target.service }) },
      { target: goTarget, store, lock, clock, gofireVersion: context.version },
      context.signal,
      (progress) => {
        const line = progressText(progress);
        if (line !== undefined) context.progress(line);
      },
    );
    if (outcome.ending === "unreachable") {
      throw new PortError("unavailable", goTarget.url, outcome.reason ?? `${goTarget.url} did not answer`);
    }
    if (outcome.bundle === undefined) throw new UsageError(outcome.reason ?? "Nothing was captured.");
    return outcome.bundle;
  } finally {
    await goTarget.close();
  }
}
