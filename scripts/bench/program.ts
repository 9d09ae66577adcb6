import type { Random } from "./random.ts";

export interface SourceFunction {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A program counter: the functions inlined there, innermost first. */
export interface Call {
  readonly lines: readonly { readonly function: SourceFunction; readonly line: number }[];
}

const packages = [
  "github.com/northwind-commerce/storefront-backend/v2/internal/checkout",
  "github.com/northwind-commerce/storefront-backend/v2/internal/catalog/search",
  "github.com/northwind-commerce/platform-libraries/observability/tracing",
  "gitlab.northwind.internal/payments/settlement-engine/pkg/ledger",
  "github.com/northwind-commerce/inventory-replication/pkg/queue",
  "google.golang.org/grpc/internal/transport",
  "github.com/jackc/pgx/v5/pgxpool",
  "net/http",
  "encoding/json",
] as const;
const types = ["Reconciler", "SessionStore", "Dispatcher", "PriceResolver", "Follower", "BatchWriter"];
const verbs = ["Process", "await", "Fetch", "flush", "Subscribe", "run", "encode", "merge", "apply"];
const nouns = ["Window", "Acknowledgement", "Batch", "Segment", "Order", "Rows", "Frame", "Snapshot"];

const functionCount = 1500;
const callsPerFunction = 4;

/**
 * A service of 1,500 functions that call each other at four places each. One place in five has inlined frames, one in
 * ten calls through an interface and so enters many functions.
 */
export class Program {
  readonly #random: Random;
  readonly #calls: readonly Call[];
  /** Which functions a call enters. */
  readonly #callees: readonly (readonly number[])[];

  constructor(random: Random) {
    this.#random = random;
    const functions = Array.from({ length: functionCount }, (_, i) => sourceFunction(i));
    const places = Array.from({ length: functionCount * callsPerFunction }, (_, place) => place);
    this.#callees = places.map(() =>
      Array.from({ length: random() < 0.1 ? 50 : 1 }, () => Math.floor(random() * functionCount)),
    );
    this.#calls = places.map((place) => {
      const inlined = random() < 0.2 ? 1 + Math.floor(random() * 2) : 0;
      const lines = Array.from({ length: inlined + 1 }, (_, level) => {
        const outermost = level === inlined;
        const id = outermost ? Math.floor(place / callsPerFunction) : Math.floor(random() * functionCount);
        const called = functions[id] ?? sourceFunction(id);
        return { function: called, line: called.line + Math.floor(random() * 40) };
      });
      return { lines };
    });
  }

  /** A walk through the calls of the program, innermost first. */
  stack(depth: number): Call[] {
    const calls: Call[] = [];
    let caller = Math.floor(this.#random() * 12);
    while (calls.length < depth) {
      const place = caller * callsPerFunction + Math.floor(this.#random() * callsPerFunction);
      const call = this.#calls[place];
      if (call === undefined) break;
      calls.push(call);
      const callees = this.#callees[place] ?? [];
      caller = callees[Math.floor(this.#random() * callees.length)] ?? 0;
    }
    return calls.toReversed();
  }
}

function sourceFunction(i: number): SourceFunction {
  const path = packages[i % packages.length] ?? "main";
  const type = types[Math.floor(i / packages.length) % types.length] ?? "";
  const method = `${verbs[i % verbs.length]}${nouns[Math.floor(i / 7) % nouns.length]}${i}`;
  const base = path.slice(path.lastIndexOf("/") + 1);
  return {
    name: `${path}.(*${type}).${method}`,
    file: `/home/builder/src/${path}/${base}_${i % 37}.go`,
    line: 10 + (i % 50) * 12,
  };
}
