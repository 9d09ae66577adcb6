// Package reports adds up the day.
package reports

import (
	"errors"
	"sync"
	"sync/atomic"
)

// Builder builds a report from sections.
type Builder struct {
	Sections []string
	// Rows returns the rows of a section.
	Rows func(section string) (int, error)
}

// ErrNoRows is the answer for a section without sales.
var ErrNoRows = errors.New("reports: no rows")

// Build works out all sections at once and returns the number of rows.
func (b *Builder) Build() int {
	var rows int64
	var pending sync.WaitGroup
	pending.Add(len(b.Sections))
	for _, section := range b.Sections {
		go b.section(section, &rows, &pending)
	}
	pending.Wait()
	return int(rows)
}

func (b *Builder) section(name string, rows *int64, pending *sync.WaitGroup) {
	count, err := b.Rows(name)
	if err != nil {
		return
	}
	atomic.AddInt64(rows, int64(count))
	pending.Done()
}
