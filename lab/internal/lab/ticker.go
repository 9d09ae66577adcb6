package lab

import (
	"sync"
	"time"
)

const (
	tickEvery = time.Millisecond
	// gapCounts is the shortest gap taken for a freeze; shorter ones are ordinary scheduling.
	gapCounts = 5 * time.Millisecond
)

// Ticker measures from inside how long the process stands still: a goroutine wakes every millisecond and looks at the clock.
type Ticker struct {
	once sync.Once
	mu   sync.Mutex
	gaps Gaps
	last time.Time
}

// Gaps is what the ticker saw since its last reset.
type Gaps struct {
	// WorstGapMs is the longest time between two ticks.
	WorstGapMs float64 `json:"worstGapMs"`
	// SumOverMs adds up every gap longer than 5 ms.
	SumOverMs float64 `json:"sumOverMs"`
	Ticks     int     `json:"ticks"`
}

// Reset forgets the gaps; the first call starts the ticking.
func (t *Ticker) Reset() {
	t.mu.Lock()
	t.gaps = Gaps{}
	t.last = time.Now()
	t.mu.Unlock()
	t.once.Do(func() { go t.run() })
}

// Read returns the gaps so far; all zero when Reset was never called.
func (t *Ticker) Read() Gaps {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.gaps
}

func (t *Ticker) run() {
	for {
		time.Sleep(tickEvery)
		t.tick(time.Now())
	}
}

func (t *Ticker) tick(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	gap := now.Sub(t.last)
	t.last = now
	t.gaps.Ticks++
	gapMs := float64(gap) / float64(time.Millisecond)
	if gapMs > t.gaps.WorstGapMs {
		t.gaps.WorstGapMs = gapMs
	}
	if gap > gapCounts {
		t.gaps.SumOverMs += gapMs
	}
}
