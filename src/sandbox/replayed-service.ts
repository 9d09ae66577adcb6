import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";

export interface ReplayedService {
  /** `http://127.0.0.1:PORT`, pprof below /debug/pprof/, the scrape at /metrics. */
  readonly url: string;
  /** From now on it answers as another recording of it. */
  become(folder: string): Promise<void>;
  close(): Promise<void>;
}

/** What is asked for -> the files that answer it, the first one first and the last one from then on. */
const recorded: Readonly<Record<string, readonly string[]>> = {
  "/debug/pprof/": ["index.html"],
  "/debug/pprof/goroutine": ["goroutine-1.pb.gz", "goroutine-2.pb.gz"],
  "/debug/pprof/goroutine?debug=2": ["goroutine-dump.txt"],
  "/debug/pprof/mutex": ["mutex-1.pb.gz", "mutex-2.pb.gz"],
  "/debug/pprof/block": ["block-1.pb.gz", "block-2.pb.gz"],
  "/debug/pprof/heap": ["heap-1.pb.gz", "heap-2.pb.gz"],
  "/debug/pprof/heap?debug=1": ["heap-memstats.txt"],
  "/debug/pprof/threadcreate": ["threadcreate.pb.gz"],
  "/debug/pprof/profile": ["cpu.pb.gz"],
  "/metrics": ["metrics-1.txt", "metrics-2.txt"],
};

/** A CPU profile takes its time; this is long enough to be seen and short enough to be waited for. */
const cpuProfileMs = 1_000;

/**
 * Answers as the Go process did of which `folder` is a recording, for machines that have no Go to run it. Profiles
 * come gzip-compressed as net/http/pprof sends them, texts plain.
 */
export async function replayService(folder: string): Promise<ReplayedService> {
  let playing = await recordingIn(folder);

  async function contentOf(question: string): Promise<Buffer | undefined> {
    const { files, asked, folder } = playing;
    const names = (recorded[question] ?? []).filter((name) => files.has(name) || files.has(`${name}.gz`));
    const turn = asked.get(question) ?? 0;
    const name = names[Math.min(turn, names.length - 1)];
    if (name === undefined) return undefined;
    asked.set(question, turn + 1);
    const path = join(folder, name);
    return existsSync(path) ? await readFile(path) : gunzipSync(await readFile(`${path}.gz`));
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://replayed");
    const debug = url.searchParams.get("debug");
    const question = `${url.pathname}${debug === null || debug === "0" ? "" : `?debug=${debug}`}`;
    void (async () => {
      if (url.pathname === "/debug/pprof/profile") await sleep(cpuProfileMs);
      const content = await contentOf(question);
      if (content === undefined) {
        response.writeHead(404, { "content-type": "text/plain; charset=utf-8", "x-go-pprof": "1" });
        response.end("Unknown profile\n");
        return;
      }
      const type = content[0] === 0x1f ? "application/octet-stream" : "text/plain; charset=utf-8";
      response.writeHead(200, {
        "content-type": question === "/debug/pprof/" ? "text/html; charset=utf-8" : type,
      });
      response.end(content);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async become(next) {
      playing = await recordingIn(next);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Recording {
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  /** How often each question was asked. */
  readonly asked: Map<string, number>;
}

async function recordingIn(folder: string): Promise<Recording> {
  return { folder, files: new Set(await readdir(folder)), asked: new Map() };
}
