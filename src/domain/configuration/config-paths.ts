/**
 * Files and folders as gofire.yaml names them, in git's spelling: `./env/prod/` is `env/prod`. Empty where one of them is the
 * whole repository: then there is nothing to be left out.
 */
export function plainPaths(paths: readonly string[]): readonly string[] {
  const plain = paths.map((path) => path.replace(/^(?:\.\/)+|\/+$/g, ""));
  return plain.some((path) => path === "" || path === ".") ? [] : plain;
}

/** Whether a file is one of these paths or below one; `.` is everything. */
export function isBelow(file: string, paths: readonly string[]): boolean {
  const plain = plainPaths(paths);
  if (plain.length === 0) return paths.length > 0;
  return plain.some((path) => file === path || file.startsWith(`${path}/`));
}
