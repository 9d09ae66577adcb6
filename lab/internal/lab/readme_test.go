package lab_test

import (
	"os"
	"strings"
	"testing"

	"shop/internal/lab"
)

func TestReadmeHasTheTableOfModes(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := lab.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), table.String()) {
		t.Error("the table of modes in lab/README.md is stale: replace it with the output of `go run ./cmd/shop -list -table`")
	}
}
