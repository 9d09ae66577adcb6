import { describe, expect, test } from "vitest";
import type { TlsProbes } from "../../src/ports/tls-probe.ts";

const never = new AbortController().signal;

/** A port that refuses connections, and probes that reach it. */
export interface TlsPlace {
  readonly probes: TlsProbes;
  readonly closedPort: number;
}

/** What every implementation of the port promises, run on the fake and on the adapter. */
export function tlsProbeContract(name: string, open: () => Promise<TlsPlace>): void {
  describe(`${name} as TLS probes`, () => {
    test("a port that nobody listens on is an outcome, not an error", async () => {
      const { probes, closedPort } = await open();
      const lines: string[] = [];
      const target = { host: "127.0.0.1", port: closedPort };
      const probe = await probes.probe(target, (line) => lines.push(line), never);
      expect(probe).toMatchObject({ ...target, serverName: "127.0.0.1", addresses: ["127.0.0.1"] });
      expect(probe.handshakes.map(({ outcome }) => outcome.kind)).toEqual(["unreachable"]);
      expect(lines.length).toBeGreaterThan(0);
    });

    test("a cloud's metadata service is never asked", async () => {
      const { probes } = await open();
      const asked = probes.probe({ host: "169.254.169.254", port: 443 }, () => {}, never);
      await expect(asked).rejects.toMatchObject({ name: "PortError", code: "forbidden" });
    });

    test("whoever gave up is told their reason", async () => {
      const { probes, closedPort } = await open();
      const given = AbortSignal.abort(new Error("enough"));
      await expect(probes.probe({ host: "127.0.0.1", port: closedPort }, () => {}, given)).rejects.toThrow(
        "enough",
      );
    });
  });
}
