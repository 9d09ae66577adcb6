// Package mirror copies the catalog to the shop's other sites.
package mirror

import "sync/atomic"

// Mirror counts the copies that are attached.
type Mirror struct {
	attached int64
}

// Attach adds a copy, which stays attached.
func (m *Mirror) Attach() int64 {
	go m.keep()
	return atomic.LoadInt64(&m.attached)
}

func (m *Mirror) keep() {
	atomic.AddInt64(&m.attached, 1)
	defer atomic.AddInt64(&m.attached, -1)
	select {}
}
