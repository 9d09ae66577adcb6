package lab

import (
	"math"
	"runtime/metrics"
)

// PauseBucket counts stop-the-world pauses of at least Low and less than High seconds.
type PauseBucket struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Count uint64  `json:"count"`
}

// Pauses is one of the runtime's own stop-the-world histograms. A histogram only bounds the total time.
type Pauses struct {
	// MetricName is the runtime/metrics name read.
	MetricName string `json:"metric"`
	// LeastSeconds and MostSeconds bound the sum of all pauses; TotalSeconds takes each bucket's middle.
	LeastSeconds float64       `json:"leastSeconds"`
	TotalSeconds float64       `json:"totalSeconds"`
	MostSeconds  float64       `json:"mostSeconds"`
	Count        uint64        `json:"count"`
	Buckets      []PauseBucket `json:"buckets"`
}

// pauseMetrics exist since Go 1.22, all but the last one, which is the only one before.
var pauseMetrics = map[string]string{
	"gc":            "/sched/pauses/total/gc:seconds",
	"other":         "/sched/pauses/total/other:seconds",
	"stoppingGC":    "/sched/pauses/stopping/gc:seconds",
	"stoppingOther": "/sched/pauses/stopping/other:seconds",
	"gcBefore122":   "/gc/pauses:seconds",
}

// PauseReport is the answer of GET /lab/pauses: garbage collection and everything else, which is where profiles count.
type PauseReport struct {
	// TotalSeconds sums the "gc" and "other" totals, or "gcBefore122" where they do not exist.
	TotalSeconds float64           `json:"totalSeconds"`
	MostSeconds  float64           `json:"mostSeconds"`
	Histograms   map[string]Pauses `json:"histograms"`
}

// ReadPauses reads the runtime's pause histograms since the process began.
func ReadPauses() PauseReport {
	report := PauseReport{Histograms: make(map[string]Pauses)}
	for key, name := range pauseMetrics {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindFloat64Histogram {
			report.Histograms[key] = pausesOf(name, sample[0].Value.Float64Histogram())
		}
	}
	counted := []string{"gc", "other"}
	if _, ok := report.Histograms["other"]; !ok {
		counted = []string{"gcBefore122"}
	}
	for _, key := range counted {
		report.TotalSeconds += report.Histograms[key].TotalSeconds
		report.MostSeconds += report.Histograms[key].MostSeconds
	}
	return report
}

func pausesOf(name string, histogram *metrics.Float64Histogram) Pauses {
	pauses := Pauses{MetricName: name, Buckets: []PauseBucket{}}
	for i, count := range histogram.Counts {
		if count == 0 {
			continue
		}
		low, high := histogram.Buckets[i], histogram.Buckets[i+1]
		if math.IsInf(low, -1) {
			low = 0
		}
		if math.IsInf(high, 1) {
			high = low
		}
		pauses.Buckets = append(pauses.Buckets, PauseBucket{Low: low, High: high, Count: count})
		pauses.Count += count
		pauses.LeastSeconds += low * float64(count)
		pauses.TotalSeconds += (low + high) / 2 * float64(count)
		pauses.MostSeconds += high * float64(count)
	}
	return pauses
}
