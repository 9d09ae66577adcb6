/** Captures the target of its first argument into the folder of its second, with a block window that it will not live to end. */
import { parseTarget } from "../../src/capture/address.ts";
import { defaultRequest } from "../../src/capture/request.ts";
import { runCapture } from "../../src/capture/run.ts";
import { captureStore } from "../../src/integrations/artifacts/bundle.ts";
import { captureLock } from "../../src/integrations/artifacts/capture-lock.ts";
import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";

const [url = "", folder = ""] = process.argv.slice(2);
const { address } = parseTarget(url, { profileRatesPath: "/debug/gofire/profile-rates" });
await runCapture(
  { ...defaultRequest, cpuSeconds: 0, blockSeconds: 5 },
  {
    target: goTargets().open(address, {}),
    store: captureStore(folder),
    lock: captureLock(`${folder}/locks`),
    clock: systemClock,
    gofireVersion: "0.0.0",
  },
  new AbortController().signal,
);
