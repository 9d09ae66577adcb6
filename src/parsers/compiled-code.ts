/** The part of the WebAssembly JavaScript API that is used here: Node's types do not have it. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

export interface CompiledMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const pageBytes = 64 * 1024;

/**
 * WebAssembly that `npm run wasm` made, and what reads as the code exports it. Undefined where it cannot be had: without
 * SIMD, or without memory for it.
 */
export class CompiledCode<Exports extends { readonly memory: CompiledMemory }> {
  readonly #code: string;
  #module: object | undefined;

  /** `code` is a module in base64. */
  constructor(code: string) {
    this.#code = code;
  }

  /** A new instance, made ready by `prepare`, which may throw where there is too little memory. */
  instance<T>(prepare: (exports: Exports) => T): T | undefined {
    try {
      this.#module ??= new WebAssembly.Module(Buffer.from(this.#code, "base64"));
      return prepare(new WebAssembly.Instance(this.#module).exports as Exports);
    } catch {
      return undefined;
    }
  }
}

/** Makes `memory` so large. Pages that are never touched take up none. Views of it made before are void. */
export function growTo(memory: CompiledMemory, bytes: number): void {
  memory.grow(Math.max(0, Math.ceil(bytes / pageBytes) - memory.buffer.byteLength / pageBytes));
}
