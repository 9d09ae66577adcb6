package lab_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"shop/internal/lab"
)

// dumpFunctions are the functions and creators in a goroutine dump (debug=2).
func dumpFunctions(dump []byte) map[string]bool {
	found := map[string]bool{}
	for _, line := range strings.Split(string(dump), "\n") {
		if match := createdBy.FindStringSubmatch(line); match != nil {
			found[match[1]] = true
		} else if match := frame.FindStringSubmatch(line); match != nil {
			found[match[1]] = true
		}
	}
	return found
}

// heapFunctions are the functions of samples with bytes in use, or with bytes allocated, in a heap profile (debug=1).
func heapFunctions(profile []byte, where lab.Evidence) map[string]bool {
	found := map[string]bool{}
	counts := false
	for _, line := range strings.Split(string(profile), "\n") {
		if match := record.FindStringSubmatch(line); match != nil {
			counts = match[1] != "0" || where == lab.InAllocs && match[2] != "0"
			continue
		}
		columns := strings.FieldsFunc(line, func(r rune) bool { return r == '\t' })
		if counts && len(columns) >= 3 && columns[0] == "#" {
			function := columns[2]
			if plus := strings.LastIndex(function, "+0x"); plus >= 0 {
				found[function[:plus]] = true
			}
		}
	}
	return found
}

// profileFunctions are the shop's functions among the strings of a protobuf profile.
func profileFunctions(t *testing.T, profile []byte) map[string]bool {
	t.Helper()
	packed, err := gzip.NewReader(bytes.NewReader(profile))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	// The string table is field 6 of the profile: a tag byte 0x32, a length, and the string.
	for i := 0; i+2 < len(text); i++ {
		length := int(text[i+1])
		if text[i] != 0x32 || length > 127 || i+2+length > len(text) {
			continue
		}
		if name := string(text[i+2 : i+2+length]); strings.HasPrefix(name, "shop/") {
			found[name] = true
		}
	}
	return found
}
