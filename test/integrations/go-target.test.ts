import { systemClock } from "../../src/integrations/clock/system-clock.ts";
import { goTargets } from "../../src/integrations/go-target/client.ts";
import { goTargetContract } from "../contracts/go-target.ts";
import { fakeGoTarget } from "../fakes/go-target.ts";
import { closed, httpServer, portOf, scriptedListener } from "./pprof-server.ts";

goTargetContract("the fake", (script) => Promise.resolve(fakeGoTarget(script, systemClock)));

goTargetContract("the HTTP client", async (script) => {
  const asked: string[] = [];
  const server = await httpServer(scriptedListener(script, asked));
  const target = goTargets().open(
    {
      origin: `http://127.0.0.1:${portOf(server)}`,
      pprofPath: "/debug/pprof/",
      metrics: "/metrics",
      expvarPath: "/debug/vars",
      profileRatesPath: "/debug/gofire/profile-rates",
    },
    {},
  );
  return { target, asked, close: () => closed(server) };
});
