import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultRequest } from "../../src/capture/request.ts";
import { runCapture } from "../../src/capture/run.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import type { LabMode, LabService } from "../../src/ports/lab-service.ts";

/** A capture as `gofire snapshot` takes it, with a shorter gap so that all modes take minutes, not an hour. */
const request = { ...defaultRequest, service: "shop", cpuSeconds: 4, goroutineGapMs: 10_000 };

/** Runs the lab in `mode` and hands the bundle's folder to `use`; both are gone afterwards. */
export async function withLiveBundle<T>(
  lab: LabService,
  mode: LabMode,
  use: (bundle: string, goVersion: string) => Promise<T>,
): Promise<T> {
  const { signal } = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), "gofire-live-"));
  const running = await lab.start(mode.name, signal);
  const target = goTargets({ userAgent: "gofire accuracy" }).open(
    { origin: running.debugUrl, pprofPath: "/debug/pprof/", metrics: "/metrics", expvarPath: "/debug/vars" },
    {},
  );
  try {
    await systemClock.sleep(mode.settleSeconds * 1_000, signal);
    const outcome = await runCapture(
      request,
      {
        target,
        store: captureStore(folder),
        lock: captureLock(join(folder, "locks")),
        clock: systemClock,
        gofireVersion: "accuracy",
      },
      signal,
    );
    if (outcome.bundle === undefined)
      throw new Error(`${mode.name}: ${outcome.reason ?? "nothing captured"}`);
    return await use(outcome.bundle, running.goVersion);
  } finally {
    await target.close();
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
