import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { defaultRequest } from "../../src/capture/request.ts";
import { runCapture } from "../../src/capture/run.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import type { LabMode, LabService } from "../../src/ports/lab-service.ts";

/** A capture as `gofire snapshot` takes it, with a shorter gap so that all modes take minutes, not an hour. */
const request = { ...defaultRequest, service: "shop", cpuSeconds: 4, goroutineGapMs: 10_000 };

/** Runs the lab in `mode` and hands the folder with its captures to `use`; both are gone afterwards. */
export async function withLiveCaptures<T>(
  lab: LabService,
  mode: LabMode,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { signal } = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), "gofire-live-"));
  try {
    if (mode.seenIn !== "crash") return await use(await captured(lab, mode, folder, signal));
    await writeFile(join(folder, "crash.log.gz"), gzipSync(await lab.lastWords(mode.name, signal)));
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function captured(
  lab: LabService,
  mode: LabMode,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const running = await lab.start(mode.name, signal);
  const target = goTargets({ userAgent: "gofire accuracy" }).open(
    { origin: running.debugUrl, pprofPath: "/debug/pprof/", metrics: "/metrics", expvarPath: "/debug/vars" },
    {},
  );
  try {
    await systemClock.sleep(mode.settleSeconds * 1_000, signal);
    const ports = {
      target,
      store: captureStore(folder),
      lock: captureLock(join(folder, "locks")),
      clock: systemClock,
      gofireVersion: "accuracy",
    };
    const { bundle, reason } = await runCapture(request, ports, signal);
    if (bundle === undefined) throw new Error(`${mode.name}: ${reason ?? "nothing captured"}`);
    return bundle;
  } finally {
    await target.close();
    await running.stop();
  }
}
