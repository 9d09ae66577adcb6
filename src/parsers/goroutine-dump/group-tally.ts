import type { Frame } from "../../domain/code/frame.ts";
import type { Goroutine, GoroutineGroup } from "../../domain/goroutines/goroutine.ts";
import { waitReason } from "../wait-reason.ts";
import type { Tally } from "./stack-walk.ts";

/** Goroutines kept as examples of a group. */
const maxExemplars = 4;
/** Distinct mutexes counted for one group. */
const maxMutexes = 4096;

/** A group while goroutines are still added to it. */
export class GroupTally {
  readonly state: string;
  readonly stack: readonly Frame[];
  readonly createdBy: Frame | undefined;
  count = 0;
  elidedFrames = 0;
  lockedToThread = 0;
  minWaitMinutes = Number.POSITIVE_INFINITY;
  maxWaitMinutes = 0;
  readonly exemplars: Goroutine[] = [];
  /** Minutes that the youngest example waited, once there are enough of them; else -1. */
  youngestExemplar = -1;
  readonly waitedMutexes = new Map<number, number>();

  constructor(state: string, stack: readonly Frame[], createdBy: Frame | undefined) {
    this.state = state;
    this.stack = stack;
    this.createdBy = createdBy;
  }

  add(waitMinutes: number, lockedToThread: boolean): void {
    this.count++;
    if (lockedToThread) this.lockedToThread++;
    if (waitMinutes < this.minWaitMinutes) this.minWaitMinutes = waitMinutes;
    if (waitMinutes > this.maxWaitMinutes) this.maxWaitMinutes = waitMinutes;
  }

  /** Adds goroutines that were counted elsewhere. */
  addAll({ count, lockedToThread, minWaitMinutes, maxWaitMinutes }: Tally): void {
    if (count === 0) return;
    this.count += count;
    this.lockedToThread += lockedToThread;
    this.minWaitMinutes = Math.min(this.minWaitMinutes, minWaitMinutes);
    this.maxWaitMinutes = Math.max(this.maxWaitMinutes, maxWaitMinutes);
  }

  /** True when a goroutine of that age should be kept as an example. */
  wantsExemplar(waitMinutes: number): boolean {
    return waitMinutes > this.youngestExemplar;
  }

  addExemplar(goroutine: Goroutine): void {
    const age = goroutine.waitMinutes ?? 0;
    let at = this.exemplars.length;
    while (at > 0 && (this.exemplars[at - 1]?.waitMinutes ?? 0) < age) at--;
    this.exemplars.splice(at, 0, goroutine);
    if (this.exemplars.length > maxExemplars) this.exemplars.pop();
    if (this.exemplars.length === maxExemplars) {
      this.youngestExemplar = this.exemplars.at(-1)?.waitMinutes ?? 0;
    }
  }

  addWaitedMutex(address: number): void {
    const waiters = this.waitedMutexes.get(address);
    if (waiters !== undefined) this.waitedMutexes.set(address, waiters + 1);
    else if (this.waitedMutexes.size < maxMutexes) this.waitedMutexes.set(address, 1);
  }

  /** Adds waiters of a mutex that `addWaitedMutex` was told before. */
  addWaitersAgain(address: number, count: number): void {
    const waiters = this.waitedMutexes.get(address);
    if (waiters !== undefined) this.waitedMutexes.set(address, waiters + count);
  }

  finish(): GoroutineGroup {
    return {
      state: this.state,
      wait: waitReason(this.state, this.stack),
      count: this.count,
      ...(this.maxWaitMinutes === 0
        ? {}
        : { waitMinutes: { min: this.minWaitMinutes, max: this.maxWaitMinutes } }),
      stack: this.stack,
      elidedFrames: this.elidedFrames,
      ...(this.createdBy === undefined ? {} : { createdBy: this.createdBy }),
      lockedToThread: this.lockedToThread,
      exemplars: this.exemplars,
      waitedMutexes: this.waitedMutexes,
    };
  }
}
