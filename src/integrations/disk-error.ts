import { errorCode, PortError, reasonOf } from "../domain/errors.ts";

const reasons: Readonly<Record<string, { readonly code: PortError["code"]; readonly words: string }>> = {
  ENOENT: { code: "not-found", words: "no such file or folder" },
  ENOTDIR: { code: "not-found", words: "a part of this path is not a folder" },
  EISDIR: { code: "bad-response", words: "this is a folder, not a file" },
  EACCES: { code: "forbidden", words: "no permission" },
  EPERM: { code: "forbidden", words: "no permission" },
  EROFS: { code: "forbidden", words: "the file system is read-only" },
  ENOSPC: { code: "unavailable", words: "the disk is full" },
  EDQUOT: { code: "unavailable", words: "the disk quota is used up" },
  ELOOP: { code: "not-found", words: "this link leads back to itself" },
  EMFILE: { code: "unavailable", words: "too many open files" },
  EEXIST: { code: "unavailable", words: "it exists already" },
};

const notUtf8 = {
  code: "not-found",
  words: "its name is not UTF-8, so it cannot be opened by it: rename it, or give it on standard input",
} as const;

/** A file system's error in our words. */
export function diskError(error: unknown, path: string): PortError {
  if (error instanceof PortError) return error;
  // What is not UTF-8 of a name is replaced before anybody of us sees it, and then there is no such file.
  const known =
    errorCode(error) === "ENOENT" && path.includes("\ufffd") ? notUtf8 : reasons[errorCode(error)];
  if (known !== undefined) return new PortError(known.code, path, known.words, { cause: error });
  return new PortError("unavailable", path, reasonOf(error), {
    cause: error,
  });
}
