package search

import (
	"crypto/sha256"
	"sort"
	"strings"
)

// Ranking is a product name and how well it fits.
type Ranking struct {
	Name string
	Fit  int
	Tie  [4]byte
}

// Rank sorts product names by how well they fit a search; ties are broken by a stable hash.
func Rank(search string, names []string) []Ranking {
	wanted := trigrams(search)
	rankings := make([]Ranking, len(names))
	for i, name := range names {
		rankings[i] = Ranking{Name: name, Fit: common(wanted, trigrams(name))}
		hash := sha256.Sum256([]byte(name))
		copy(rankings[i].Tie[:], hash[:])
	}
	sort.Slice(rankings, func(a, b int) bool {
		if rankings[a].Fit != rankings[b].Fit {
			return rankings[a].Fit > rankings[b].Fit
		}
		return string(rankings[a].Tie[:]) < string(rankings[b].Tie[:])
	})
	return rankings
}

func trigrams(text string) map[string]bool {
	text = strings.ToLower(text)
	found := make(map[string]bool, len(text))
	for i := 0; i+3 <= len(text); i++ {
		found[text[i:i+3]] = true
	}
	return found
}

func common(a, b map[string]bool) int {
	count := 0
	for trigram := range a {
		if b[trigram] {
			count++
		}
	}
	return count
}
