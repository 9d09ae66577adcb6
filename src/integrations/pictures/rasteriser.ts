import { Worker } from "node:worker_threads";
import { PortError } from "../../domain/errors.ts";
import type { Rasteriser } from "../../ports/rasteriser.ts";
import { packageFile } from "../package-file.ts";

const family = "Roboto Condensed";
const fonts = "@expo-google-fonts/roboto-condensed";

/** What a picture of the size we draw takes at most, many times over: 1.2 s of one core when nothing is warm. */
const longestMs = 60_000;
/** The drawing code takes about 60 MiB while it is loaded, and pictures come one at a time, hours apart. */
const idleMs = 30_000;

interface Waiting {
  readonly resolve: (png: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly id: number;
  readonly png?: Uint8Array;
  readonly problem?: string;
}

/**
 * resvg as WebAssembly in a worker thread: the same bytes on every machine, without native code, a browser, or fonts of
 * the system. The thread is started when it is needed and ended when it is not.
 */
export function resvgRasteriser(limits: { readonly longestMs?: number } = {}): Rasteriser {
  const limitMs = limits.longestMs ?? longestMs;
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  function started(): Worker {
    if (worker !== undefined) return worker;
    const thread = new Worker(new URL("./raster-worker.mjs", import.meta.url), {
      workerData: {
        wasm: packageFile("@resvg/resvg-wasm/index_bg.wasm"),
        fonts: [
          packageFile(`${fonts}/500Medium/RobotoCondensed_500Medium.ttf`),
          packageFile(`${fonts}/700Bold/RobotoCondensed_700Bold.ttf`),
        ],
        family,
      },
      // The parent's own flags (a loader, a heap limit) are none of its business.
      execArgv: [],
    });
    thread.unref();
    thread.on("message", ({ id, png, problem }: Answer) => {
      if (png === undefined) {
        settle(id, ({ reject }) =>
          reject(new PortError("bad-response", "flame graph", problem ?? "no picture")),
        );
      } else {
        settle(id, ({ resolve }) => resolve(png));
      }
    });
    thread.on("error", (error) => end(thread, `drawing failed: ${error.message}`));
    thread.on("exit", (code) => end(thread, `drawing ended with code ${code}`));
    worker = thread;
    return thread;
  }

  function settle(id: number, how: (waiting: Waiting) => void): void {
    const job = waiting.get(id);
    waiting.delete(id);
    if (job !== undefined) how(job);
    if (waiting.size > 0) return;
    clearTimeout(idle);
    idle = setTimeout(() => void stop("idle"), idleMs).unref();
  }

  /** All that wait on a thread that is gone hear of it; the next picture gets a new one. */
  function end(thread: Worker, why: string): void {
    if (worker !== thread) return;
    worker = undefined;
    for (const id of waiting.keys()) {
      settle(id, ({ reject }) => reject(new PortError("unavailable", "flame graph", why)));
    }
    clearTimeout(idle);
  }

  async function stop(why: string): Promise<void> {
    const thread = worker;
    if (thread === undefined) return;
    end(thread, why);
    await thread.terminate();
  }

  return {
    async png(svg, widthPx, signal) {
      signal.throwIfAborted();
      const id = ++lastId;
      const thread = started();
      clearTimeout(idle);
      let timer: NodeJS.Timeout | undefined;
      const aborted = () =>
        settle(id, ({ reject }) =>
          reject(signal.reason instanceof Error ? signal.reason : new Error("aborted")),
        );
      try {
        return await new Promise<Uint8Array>((resolve, reject) => {
          waiting.set(id, { resolve, reject });
          signal.addEventListener("abort", aborted, { once: true });
          timer = setTimeout(() => {
            settle(id, ({ reject }) =>
              reject(new PortError("timeout", "flame graph", `drawing took longer than ${limitMs} ms`)),
            );
            void stop("drawing took too long");
          }, limitMs);
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
          thread.postMessage({ id, svg, widthPx });
        });
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
      }
    },
    close: () => stop("gofire ends"),
  };
}
