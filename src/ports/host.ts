/** The machine that gofire itself runs on. */
export interface Host {
  readonly nodeVersion: string;
  readonly platform: string;
  /** Value of an environment variable; undefined when unset or empty. */
  environment(name: string): string | undefined;
  /** Text of a file a person named. Throws UsageError when it cannot be read or has more than 1 MiB. */
  readText(file: string): Promise<string>;
  /** Lets a file that a person named hold `text`, whole, or be as it was. Throws UsageError when it cannot be written. */
  replaceText(file: string, text: string): Promise<void>;
  /** Absolute path of a program on PATH; undefined when there is none. */
  findProgram(name: string): Promise<string | undefined>;
  /** Somebody sits at the terminal and can be shown things. */
  readonly isAttended: boolean;
  /** Shows a page in that person's browser; false where there is none to show it in. */
  openInBrowser(url: string): Promise<boolean>;
  /** First line that `program --version`-like arguments print; undefined when it cannot be run or takes over 5 s. */
  programVersion(program: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** Why `folder` cannot be written to, or undefined when it can (it is made when missing). */
  whyNotWritable(folder: string): Promise<string | undefined>;
}
