// Package search understands what customers type.
package search

import (
	"regexp"
	"strings"
)

// Query is what a customer looks for.
type Query struct {
	Words    []string
	MaxCents string
	SKU      string
}

// Parse takes a search line apart.
func Parse(line string) Query {
	var query Query
	sku := regexp.MustCompile(`\bsku-[0-9]{1,7}\b`)
	price := regexp.MustCompile(`(?i)\b(?:under|below|max)\s+([0-9]{1,6}(?:[.,][0-9]{2})?)\s*(?:€|eur|euro)?\b`)
	query.SKU = sku.FindString(line)
	if match := price.FindStringSubmatch(line); match != nil {
		query.MaxCents = match[1]
		line = strings.Replace(line, match[0], "", 1)
	}
	query.Words = strings.Fields(line)
	return query
}
