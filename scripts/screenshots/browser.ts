import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

/** A page of a headless Chromium, driven over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol). */
export interface Browser {
  /**
   * Opens `url` in a window of `width` CSS pixels, waits until `ready` (an expression) is true, makes the window as high
   * as `element` (a selector) needs to show all it holds, and returns a PNG.
   */
  picture(url: string, width: number, ready: string, element: string): Promise<Buffer>;
  close(): Promise<void>;
}

const startMs = 20_000;
const readyMs = 30_000;
const leastHeight = 600;
/** Beyond this a picture is not looked at any more. */
const mostHeight = 6_000;

/** `chromium`: the program. Throws when it does not start. */
export async function openBrowser(chromium: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "gofire-screenshots-"));
  const program = spawn(
    chromium,
    [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      "--force-color-profile=srgb",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      "about:blank",
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = new Promise<void>((resolve) => program.once("exit", () => resolve()));
  async function close(): Promise<void> {
    program.kill();
    await exited;
    await removed(profile);
  }
  try {
    const call = await connected(await addressOf(program.stderr));
    const { targetId } = await call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
    const page: Call = (method, params) => call(method, params, String(sessionId));
    return { picture: (...words) => pictureOf(page, ...words), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function pictureOf(
  page: Call,
  url: string,
  width: number,
  ready: string,
  element: string,
): Promise<Buffer> {
  const size = { width, deviceScaleFactor: width < 600 ? 2 : 1, mobile: false };
  await page("Emulation.setDeviceMetricsOverride", { ...size, height: leastHeight });
  await page("Page.navigate", { url });
  await until(page, ready);
  const hidden = await evaluated(
    page,
    `(() => { const e = document.querySelector(${JSON.stringify(element)}); return e.scrollHeight - e.clientHeight; })()`,
  );
  const height = Math.min(mostHeight, leastHeight + Math.max(0, Number(hidden)));
  await page("Emulation.setDeviceMetricsOverride", { ...size, height });
  await until(page, "[...document.images].every(({ complete }) => complete)");
  const { data } = await page("Page.captureScreenshot", { format: "png" });
  return Buffer.from(String(data), "base64");
}

async function until(page: Call, expression: string): Promise<void> {
  // The page's own clock looks again, once a frame.
  const waiting = `new Promise((resolve, reject) => {
    const end = Date.now() + ${readyMs};
    const look = () => {
      let isSo = false;
      try { isSo = Boolean(${expression}); } catch {}
      if (isSo) resolve(true);
      else if (Date.now() > end) reject(new Error("not within ${readyMs} ms"));
      else setTimeout(look, 20);
    };
    look();
  })`;
  await evaluated(page, waiting);
}

async function evaluated(page: Call, expression: string): Promise<unknown> {
  const { result, exceptionDetails } = await page("Runtime.evaluate", {
    expression,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails !== undefined)
    throw new Error(`${expression.slice(0, 200)}: ${JSON.stringify(exceptionDetails).slice(0, 500)}`);
  return typeof result === "object" && result !== null && "value" in result ? result.value : undefined;
}

type Answer = Readonly<Record<string, unknown>>;
type Call = (method: string, params: object, sessionId?: string) => Promise<Answer>;

async function connected(address: string): Promise<Call> {
  const socket = new WebSocket(address);
  const waiting = new Map<
    number,
    { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }
  >();
  let last = 0;
  socket.on("message", (frame: Buffer) => {
    const { id, result, error } = JSON.parse(frame.toString()) as {
      id?: number;
      result?: Answer;
      error?: { message: string };
    };
    const call = waiting.get(id ?? -1);
    waiting.delete(id ?? -1);
    if (error === undefined) call?.resolve(result ?? {});
    else call?.reject(new Error(error.message));
  });
  socket.on("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("Chromium went away."));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return (method, params, sessionId) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(
        JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) }),
      );
    });
}

/** Chromium says on stderr where it listens. */
async function addressOf(stderr: NodeJS.ReadableStream): Promise<string> {
  const lines = createInterface({ input: stderr });
  const said: string[] = [];
  return await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Chromium did not start: ${said.join("\n")}`)), startMs);
    lines.on("line", (line) => {
      said.push(line);
      const address = /DevTools listening on (ws:\S+)/.exec(line)?.[1];
      if (address === undefined) return;
      clearTimeout(timer);
      resolve(address);
    });
    lines.on("close", () => reject(new Error(`Chromium did not start: ${said.join("\n")}`)));
  });
}

/**
 * Chromium's children go on writing for a moment after it has ended. Node's own `maxRetries` does not help: it tries to
 * remove the folder again, and not what came into it meanwhile.
 */
async function removed(profile: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      rmSync(profile, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
}
