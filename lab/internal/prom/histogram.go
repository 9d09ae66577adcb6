package prom

import (
	"math"
	"runtime/metrics"
)

// histogramSamples writes one runtime histogram with fewer buckets. Without an exact sum, every bucket counts with its
// lower boundary, so that _sum is too small.
func histogramSamples(histogram *metrics.Float64Histogram, unit string, sum float64, exact bool) []Sample {
	bounds := coarserBounds(histogram.Buckets, unit)
	if math.IsInf(bounds[0], -1) {
		bounds = bounds[1:]
	}
	counts := regroup(histogram, bounds)
	samples := make([]Sample, 0, len(bounds)+2)
	var total uint64
	for i, count := range counts {
		total += count
		if !exact {
			sum += bounds[i] * float64(count)
		}
		high := bounds[i+1]
		if !math.IsInf(high, 1) {
			// The runtime's upper boundary is exclusive, le is inclusive: take the next float below.
			high = math.Nextafter(high, bounds[i])
			samples = append(samples, bucket(high, total))
		}
	}
	return append(samples,
		bucket(math.Inf(1), total),
		Sample{Suffix: "_sum", Value: sum},
		Sample{Suffix: "_count", Value: float64(total)},
	)
}

func bucket(le float64, count uint64) Sample {
	return Sample{Suffix: "_bucket", Labels: []string{"le", formatFloat(le)}, Value: float64(count)}
}

// coarserBounds keeps boundaries that are at least a factor apart: 10 for seconds, of which nothing above one second
// is kept but infinity, and 2 for bytes. Other units keep all.
func coarserBounds(bounds []float64, unit string) []float64 {
	switch unit {
	case "bytes":
		return spread(bounds, 2)
	case "seconds":
		kept := spread(bounds, 10)
		for i, bound := range kept {
			if bound > 1 {
				return append(kept[:i:i], math.Inf(1))
			}
		}
		return kept
	}
	return bounds
}

func spread(bounds []float64, factor float64) []float64 {
	kept := make([]float64, 0, len(bounds))
	if math.IsInf(bounds[0], -1) {
		kept = append(kept, bounds[0])
		bounds = bounds[1:]
	}
	last := bounds[0]
	for _, bound := range bounds[1:] {
		if last >= 0 && bound < last*factor || last < 0 && bound < last/factor {
			continue
		}
		kept = append(kept, last)
		last = bound
	}
	return append(kept, last)
}

// regroup counts the fine buckets into the coarse ones; counts below the first boundary go to the first bucket.
func regroup(histogram *metrics.Float64Histogram, bounds []float64) []uint64 {
	counts := make([]uint64, len(bounds)-1)
	coarse := 0
	for i, count := range histogram.Counts {
		for coarse < len(counts)-1 && histogram.Buckets[i] >= bounds[coarse+1] {
			coarse++
		}
		counts[coarse] += count
	}
	return counts
}
