package pricing

import (
	"math"
	"runtime"
	"sync"
)

// Repricer works out new prices on all processors at once.
type Repricer struct {
	// Rounds of the model for each batch of products.
	Rounds int
}

// Reprice works through one batch of products per processor, four times over, and returns the sum of all prices.
func (r *Repricer) Reprice() float64 {
	batches := 4 * runtime.GOMAXPROCS(0)
	prices := make([]float64, batches)
	var pending sync.WaitGroup
	pending.Add(batches)
	for batch := range prices {
		go func(batch int) {
			defer pending.Done()
			prices[batch] = r.model(batch)
		}(batch)
	}
	pending.Wait()
	var sum float64
	for _, price := range prices {
		sum += price
	}
	return sum
}

func (r *Repricer) model(batch int) float64 {
	price := 1 + float64(batch)
	for round := 0; round < r.Rounds; round++ {
		price = math.Sqrt(price*price+float64(round%7)) + math.Sin(price)/1000
	}
	return price
}
