// Package forecast guesses what will be sold tomorrow.
package forecast

import (
	"sync"
	"sync/atomic"
)

// Model is trained on the sales of the past.
type Model struct {
	weights [256]float64
	stopped int32
	running sync.WaitGroup
}

// Start trains the model on so many samples of the past at once.
func (m *Model) Start(samples int) {
	m.running.Add(samples)
	for sample := 0; sample < samples; sample++ {
		go m.train(sample)
	}
}

func (m *Model) train(sample int) {
	defer m.running.Done()
	weights := m.weights
	for round := 0; atomic.LoadInt32(&m.stopped) == 0; round++ {
		for i := range weights {
			weights[i] += (float64((round+sample+i)%101) - weights[i]) / 64
		}
	}
}

// Stop ends the training.
func (m *Model) Stop() {
	atomic.StoreInt32(&m.stopped, 1)
	m.running.Wait()
}
