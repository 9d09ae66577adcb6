import { describe, expect, it } from "vitest";
import { leafHash, rootOver } from "../../src/audit/merkle.ts";
import { bundleOf, claimPath, entriesOf, tilePath } from "../../src/audit/tiles.ts";
import { Tree } from "../../src/audit/tree.ts";

/** The inputs and roots of Certificate Transparency's own tests (transparency-dev/merkle, testonly/constants.go). */
const inputs = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const roots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("the Merkle tree of RFC 6962", () => {
  it("has the roots that Certificate Transparency has", () => {
    const tree = new Tree();
    const grown = [hex(tree.root())];
    for (const input of inputs) {
      tree.append(leafHash(Buffer.from(input, "hex")));
      grown.push(hex(tree.root()));
    }
    expect(grown).toEqual(roots);
  });

  it("has the same root whether it is grown by tiles or halved as the RFC does", () => {
    const tree = new Tree();
    const leaves: Uint8Array[] = [];
    for (let size = 1; size <= 1_100; size++) {
      const leaf = leafHash(Buffer.from(String(size)));
      leaves.push(leaf);
      tree.append(leaf);
      if (size % 7 === 0 || size % 256 < 3)
        expect(hex(tree.root()), `of ${size}`).toBe(hex(rootOver(leaves)));
    }
  });

  it("has the tiles that the example of tlog-tiles has", () => {
    const tree = new Tree();
    const full: string[] = [];
    const leaf = leafHash(Buffer.from("the same"));
    for (let size = 1; size <= 70_000; size++) full.push(...tree.append(leaf).map(({ path }) => path));
    expect(full.filter((path) => path.startsWith("tile/0/"))).toHaveLength(273);
    expect(full.filter((path) => !path.startsWith("tile/0/"))).toEqual(["tile/1/000"]);
    expect(tree.partial().map(({ path, bytes }) => [path, bytes.length / 32])).toEqual([
      ["tile/0/273.p/112", 112],
      ["tile/1/001.p/17", 17],
      ["tile/2/000.p/1", 1],
    ]);
  });
});

describe("files of a log", () => {
  it("are named as tlog-tiles names them", () => {
    expect(tilePath(0, 1_234_067, 256)).toBe("tile/0/x001/x234/067");
    expect(tilePath("entries", 999, 7)).toBe("tile/entries/999.p/7");
    expect(tilePath("entries", 1_000, 256)).toBe("tile/entries/x001/000");
    expect(claimPath(12)).toBe("claimed/012");
  });

  it("hold entries behind their lengths", () => {
    const texts = ["", "a", "x".repeat(65_535)];
    const entries = texts.map((text) => new Uint8Array(Buffer.from(text)));
    const bundle = bundleOf(entries);
    expect([...bundle.subarray(0, 5)]).toEqual([0, 0, 0, 1, 97]);
    expect(entriesOf(bundle)?.map((entry) => Buffer.from(entry).toString())).toEqual(texts);
    expect(entriesOf(bundle.subarray(0, -1))).toBeUndefined();
    expect(entriesOf(bundle.subarray(0, 3))).toBeUndefined();
    expect(() => bundleOf([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
