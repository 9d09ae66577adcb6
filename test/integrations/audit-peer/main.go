// Verifies a log with the Go project's own packages: the checkpoint's signature, every tile, every entry and its
// signature. Prints how many entries there are.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	if err := verify(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(folder, key string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		return fmt.Errorf("the log is called %s", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	// Reads no hash that it has not checked against the root.
	hashes := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles(folder))
	for first := int64(0); first < size; first += 1 << height {
		width := size - first
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)}
		bundle, err := os.ReadFile(filepath.Join(folder, pathOf(tile)))
		if err != nil {
			return err
		}
		for index := first; index < first+width; index++ {
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			found, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
			if err != nil {
				return err
			}
			if tlog.RecordHash(entry) != found[0] {
				return fmt.Errorf("entry %d is not the one of its tile", index)
			}
			if err := signedBy(verifier, entry); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
		}
		if len(bundle) > 0 {
			return fmt.Errorf("%s has %d bytes more", pathOf(tile), len(bundle))
		}
	}
	fmt.Println(size)
	return nil
}

// https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
func signedBy(verifier note.Verifier, entry []byte) error {
	var envelope struct {
		PayloadType, Payload string
		Signatures           []struct{ Sig string }
	}
	decoder := json.NewDecoder(bytes.NewReader(entry))
	if err := decoder.Decode(&envelope); err != nil {
		return err
	}
	payload, err := base64.StdEncoding.DecodeString(envelope.Payload)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig)
	if err != nil {
		return err
	}
	message := fmt.Sprintf("DSSEv1 %d %s %d %s", len(envelope.PayloadType), envelope.PayloadType, len(payload), payload)
	if !verifier.Verify([]byte(message), signature) {
		return fmt.Errorf("its signature does not verify")
	}
	return nil
}

// tiles is a log's folder as tlog reads one.
type tiles string

func (folder tiles) Height() int { return height }

func (folder tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(wanted))
	for at, tile := range wanted {
		bytes, err := os.ReadFile(filepath.Join(string(folder), pathOf(tile)))
		if err != nil {
			return nil, err
		}
		read[at] = bytes
	}
	return read, nil
}

func (folder tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// pathOf is c2sp.org/tlog-tiles' path: Go's has the height in it, and "data" for the entries.
func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}
