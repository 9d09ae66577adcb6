export type Random = (below: number) => number;

/** Numerical Recipes' linear congruential generator: the same inputs on every run. */
export function randomNumbers(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One to eight changes: bytes flipped, ranges removed, repeated or moved, words put in, the tail cut off. */
export function damaged(seed: Buffer, words: readonly string[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(seed);
  for (let changes = 1 + random(8); changes > 0; changes--) {
    const at = random(bytes.length + 1);
    const end = Math.min(bytes.length, at + random(40));
    const before = bytes.subarray(0, at);
    switch (random(7)) {
      case 0:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([before, bytes.subarray(end)]);
        break;
      case 2:
        bytes = Buffer.concat([before, bytes.subarray(at, end), bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(at, end), before, bytes.subarray(end)]);
        break;
      case 4:
      case 5:
        bytes = Buffer.concat([before, Buffer.from(words[random(words.length)] ?? ""), bytes.subarray(at)]);
        break;
      default:
        if (random(4) === 0) bytes = Buffer.from(before);
        break;
    }
  }
  return bytes;
}
