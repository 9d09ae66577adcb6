// Package dispatch hands parcels to vans.
package dispatch

// Loop takes parcels as they come.
type Loop struct {
	parcels chan int
	stop    chan struct{}
	loaded  int
}

// NewLoop has nothing to load yet.
func NewLoop() *Loop { return &Loop{parcels: make(chan int), stop: make(chan struct{})} }

// Run loads parcels until Stop.
func (l *Loop) Run() {
	for {
		select {
		case parcel := <-l.parcels:
			l.loaded += parcel
		case <-l.stop:
			return
		default:
		}
	}
}

// Stop ends Run.
func (l *Loop) Stop() { close(l.stop) }
