// Package visits counts page views.
package visits

import "strconv"

// Counter counts views per page.
type Counter struct {
	views map[string]int
}

// NewCounter counts from zero.
func NewCounter() *Counter { return &Counter{views: make(map[string]int)} }

// Hit counts the pages of one visit.
func (c *Counter) Hit(pages int) int {
	for page := 0; page < pages; page++ {
		c.views["/product/"+strconv.Itoa(page%512)]++
	}
	return len(c.views)
}
