// Package printing drives the label printers.
package printing

import (
	"runtime"
	"sync"
	"time"
)

// labelTime is how long a label printer takes.
const labelTime = 20 * time.Millisecond

// Label prints one label.
func Label() { time.Sleep(labelTime) }

// Spooler hands labels to printers.
type Spooler struct {
	labels chan string

	mu      sync.Mutex
	printed int
}

// NewSpooler has no printers.
func NewSpooler() *Spooler { return &Spooler{labels: make(chan string)} }

// Attach adds a printer. Its driver wants all calls from one thread.
func (s *Spooler) Attach() { go s.drive() }

func (s *Spooler) drive() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range s.labels {
		s.mu.Lock()
		s.printed++
		s.mu.Unlock()
	}
}

// Close sends the printers home.
func (s *Spooler) Close() { close(s.labels) }
