package prom

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Family is one metric family of the text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/
type Family struct {
	Name string
	Help string
	// Type is "gauge", "counter", "summary" or "histogram".
	Type    string
	Samples []Sample
}

// Sample is one line of a family.
type Sample struct {
	// Suffix follows the family's name: "", "_sum", "_count" or "_bucket".
	Suffix string
	// Labels come in pairs: name, value, name, value.
	Labels []string
	Value  float64
}

// Gauge is a family of one value that may fall.
func Gauge(name, help string, value float64, labels ...string) Family {
	return Family{Name: name, Help: help, Type: "gauge", Samples: []Sample{{Value: value, Labels: labels}}}
}

// Counter is a family of one value that only rises.
func Counter(name, help string, value float64, labels ...string) Family {
	return Family{Name: name, Help: help, Type: "counter", Samples: []Sample{{Value: value, Labels: labels}}}
}

func (f Family) write(text *bytes.Buffer) {
	fmt.Fprintf(text, "# HELP %s %s\n# TYPE %s %s\n", f.Name, helpEscaper.Replace(f.Help), f.Name, f.Type)
	for _, sample := range f.Samples {
		text.WriteString(f.Name)
		text.WriteString(sample.Suffix)
		writeLabels(text, sample.Labels)
		text.WriteByte(' ')
		text.WriteString(formatFloat(sample.Value))
		text.WriteByte('\n')
	}
}

var (
	helpEscaper  = strings.NewReplacer("\\", "\\\\", "\n", "\\n")
	labelEscaper = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\"", "\\\"")
)

func writeLabels(text *bytes.Buffer, labels []string) {
	if len(labels) == 0 {
		return
	}
	for i := 0; i+1 < len(labels); i += 2 {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		text.WriteByte(separator)
		text.WriteString(labels[i])
		text.WriteString(`="`)
		text.WriteString(labelEscaper.Replace(labels[i+1]))
		text.WriteByte('"')
	}
	text.WriteByte('}')
}

// formatFloat writes the shortest form that reads back the same; infinities are +Inf and -Inf.
func formatFloat(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }
