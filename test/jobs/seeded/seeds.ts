/** Seeds of the runs in which calls, deliveries, Redis and clocks go wrong. */
export const faultSeeds: readonly number[] = Array.from({ length: 170 }, (_, at) => at + 1);

/** Seeds of the runs in which, besides, the worker is killed. */
export const killSeeds: readonly number[] = Array.from({ length: 40 }, (_, at) => at + 1_001);

/** Those that the environment names instead, to repeat a run: `GOFIRE_SEED=17,23`. */
export function chosen(usual: readonly number[]): readonly number[] {
  const only = process.env["GOFIRE_SEED"];
  return only === undefined ? usual : only.split(",").map(Number);
}
