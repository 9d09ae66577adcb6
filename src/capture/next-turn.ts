/**
 * Lets everything else have its turn: timers that are due, and what the network, disks and other threads brought. What a disk
 * or another thread starts is followed by `setImmediate` in the same turn of the event loop, and timers come only behind that:
 * one of them would not be enough.
 */
export async function nextTurn(): Promise<void> {
  await restOfTurn();
  await restOfTurn();
}

function restOfTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
