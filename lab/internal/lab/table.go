package lab

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable prints the manifest as the Markdown table of the README.
func WriteTable(out io.Writer) error {
	var table strings.Builder
	table.WriteString("| mode | kind | what is going on | to blame (healthy: what lures) | rule |\n")
	table.WriteString("| --- | --- | --- | --- | --- |\n")
	for _, mode := range Manifest() {
		functions := mode.Culprits
		if len(functions) == 0 {
			functions = mode.Lures
		}
		rule := ""
		if len(mode.Rules) > 0 {
			rule = "`" + mode.Rules[0] + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s%s | %s | %s |\n",
			mode.Name, mode.Kind, mode.Title, releases(mode), code(functions), rule)
	}
	_, err := io.WriteString(out, table.String())
	return err
}

// releases names the Go releases of modes that not all have.
func releases(mode Mode) string {
	switch {
	case mode.MaxGo != "":
		return " (up to Go " + mode.MaxGo + ")"
	case mode.MinGo != oldestGo:
		return " (Go " + mode.MinGo + " and later)"
	}
	return ""
}

func code(functions []string) string {
	if len(functions) == 0 {
		return ""
	}
	return "`" + functions[0] + "`"
}
