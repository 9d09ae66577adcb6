import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { UsageError } from "../../domain/errors.ts";
import type { Host } from "../../ports/host.ts";
import { diskError } from "../disk-error.ts";
import { replaceFile } from "../durable-files.ts";

const programDeadlineMs = 5_000;
/** Certificates and keys are a few KiB. */
const largestText = 1 << 20;

export const thisHost: Host = {
  nodeVersion: process.version,
  platform: `${process.platform} ${process.arch}`,
  isAttended: process.stdout.isTTY && process.stderr.isTTY,

  environment(name) {
    const value = process.env[name];
    return value === "" ? undefined : value;
  },

  async readText(file) {
    try {
      const text = await readFile(file, "utf8");
      if (text.length > largestText)
        throw new UsageError(
          `${file} has more than 1 MiB, which no key, certificate or password has: name the right file.`,
        );
      return text;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`Cannot read ${file}: ${diskError(error, file).message}`);
    }
  },

  async replaceText(file, text) {
    const path = resolve(file);
    try {
      await replaceFile(path, Buffer.from(text), dirname(path));
    } catch (error) {
      throw new UsageError(`Cannot write ${file}: ${diskError(error, file).message}`);
    }
  },

  async findProgram(name) {
    for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
      if (!isAbsolute(folder)) continue; // a program from the current folder is not what people mean
      const file = join(folder, name);
      try {
        await access(file, constants.X_OK);
        return file;
      } catch {
        // not in this folder
      }
    }
    return undefined;
  },

  async openInBrowser(url) {
    const hasScreen = process.env["DISPLAY"] !== undefined || process.env["WAYLAND_DISPLAY"] !== undefined;
    const opener = process.platform === "darwin" ? "open" : hasScreen ? "xdg-open" : undefined;
    const program = opener === undefined ? undefined : await thisHost.findProgram(opener);
    if (program === undefined) return false;
    return await new Promise((resolveOpened) => {
      execFile(program, [url], { timeout: programDeadlineMs }, (error) => resolveOpened(error === null));
    });
  },

  programVersion(program, args, signal) {
    return new Promise((resolveVersion) => {
      execFile(program, [...args], { timeout: programDeadlineMs, signal }, (error, stdout) => {
        resolveVersion(error === null ? stdout.split("\n", 1)[0] : undefined);
      });
    });
  },

  async whyNotWritable(folder) {
    const probe = join(resolve(folder), `.gofire-probe-${process.pid}`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(probe, "");
      await rm(probe);
      return undefined;
    } catch (error) {
      return diskError(error, folder).message;
    }
  },
};
