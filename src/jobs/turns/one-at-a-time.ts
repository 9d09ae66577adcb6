/** Lets pieces of work follow each other in the order in which they came; one that fails holds up nobody. */
export function oneAtATime(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return await mine;
  };
}
