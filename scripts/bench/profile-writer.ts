import type { Call, SourceFunction } from "./program.ts";

/** Writes protobuf into a buffer that grows. */
class MessageWriter {
  #bytes = Buffer.alloc(64 * 1024);
  length = 0;

  varint(value: number): void {
    this.#room(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length++] = rest;
  }

  number(field: number, value: number): void {
    this.varint(field * 8);
    this.varint(value);
  }

  /** As Go does: three and more in one packed field. */
  numbers(field: number, values: readonly number[], scratch: MessageWriter): void {
    if (values.length <= 2) for (const value of values) this.number(field, value);
    else {
      scratch.length = 0;
      for (const value of values) scratch.varint(value);
      this.message(field, scratch);
    }
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.varint(field * 8 + 2);
    this.varint(length);
    this.#room(length);
    this.length += this.#bytes.write(text, this.length);
  }

  message(field: number, inner: MessageWriter): void {
    this.varint(field * 8 + 2);
    this.varint(inner.length);
    this.#room(inner.length);
    inner.#bytes.copy(this.#bytes, this.length, 0, inner.length);
    this.length += inner.length;
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #room(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const grown = Buffer.alloc((this.length + more) * 2);
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

interface Label {
  readonly key: string;
  readonly value: string | number;
}

/** Writes the messages of a profile in the order of Go's writer. */
export class ProfileWriter {
  readonly #out = new MessageWriter();
  readonly #message = new MessageWriter();
  readonly #inner = new MessageWriter();
  readonly #strings = new Map<string, number>([["", 0]]);
  readonly #functions = new Map<SourceFunction, number>();
  readonly #locations = new Map<Call, number>();

  valueType(field: number, type: string, unit: string): void {
    this.#message.length = 0;
    this.#message.number(1, this.#string(type));
    this.#message.number(2, this.#string(unit));
    this.#out.message(field, this.#message);
  }

  number(field: number, value: number): void {
    this.#out.number(field, value);
  }

  sample(values: readonly number[], stack: readonly Call[], labels: readonly Label[]): void {
    const locations = stack.map((call) => this.#location(call));
    this.#message.length = 0;
    this.#message.numbers(2, values, this.#inner);
    this.#message.numbers(1, locations, this.#inner);
    for (const { key, value } of labels) {
      this.#inner.length = 0;
      this.#inner.number(1, this.#string(key));
      if (typeof value === "string") this.#inner.number(2, this.#string(value));
      else this.#inner.number(3, value);
      this.#message.message(3, this.#inner);
    }
    this.#out.message(2, this.#message);
  }

  end(): Buffer {
    this.#message.length = 0;
    this.#message.number(1, 1);
    this.#message.number(2, 0x40_0000);
    this.#message.number(3, 0x200_0000);
    this.#message.number(5, this.#string("/usr/local/bin/storefront"));
    this.#message.number(6, this.#string("0f4c1d2e3b5a69788796a5b4c3d2e1f001122334"));
    this.#message.number(7, 1);
    this.#out.message(3, this.#message);
    for (const text of this.#strings.keys()) this.#out.text(6, text);
    return this.#out.written();
  }

  #string(text: string): number {
    let index = this.#strings.get(text);
    if (index === undefined) {
      index = this.#strings.size;
      this.#strings.set(text, index);
    }
    return index;
  }

  #location(call: Call): number {
    const known = this.#locations.get(call);
    if (known !== undefined) return known;
    const functions = call.lines.map((line) => this.#function(line.function));
    const id = this.#locations.size + 1;
    this.#locations.set(call, id);
    this.#message.length = 0;
    this.#message.number(1, id);
    this.#message.number(2, 1);
    this.#message.number(3, 0x48_0000 + id * 37);
    for (const [i, { line }] of call.lines.entries()) {
      this.#inner.length = 0;
      this.#inner.number(1, functions[i] ?? 0);
      this.#inner.number(2, line);
      this.#message.message(4, this.#inner);
    }
    this.#out.message(4, this.#message);
    return id;
  }

  #function(source: SourceFunction): number {
    const known = this.#functions.get(source);
    if (known !== undefined) return known;
    const id = this.#functions.size + 1;
    this.#functions.set(source, id);
    this.#message.length = 0;
    this.#message.number(1, id);
    this.#message.number(2, this.#string(source.name));
    this.#message.number(3, this.#string(source.name));
    this.#message.number(4, this.#string(source.file));
    this.#message.number(5, source.line);
    this.#out.message(5, this.#message);
    return id;
  }
}
