package prom

import (
	"math"
	"regexp"
	"runtime/metrics"
	"strings"
	"testing"
)

var (
	sampleLine = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (\+Inf|-Inf|NaN|-?[0-9.e+-]+)$`)
	typeLine   = regexp.MustCompile(`^# TYPE (\S+) (gauge|counter|summary|histogram)$`)
)

func TestTextIsWellFormed(t *testing.T) {
	e := NewExporter()
	end := e.Play("test", func() []Family {
		return []Family{Gauge("played", "a \"help\"\nwith lines", 1, "pod", `a"b\c`)}
	})
	text := string(e.text())
	if !strings.Contains(text, "# HELP played a \"help\"\\nwith lines\n# TYPE played gauge\nplayed{pod=\"a\\\"b\\\\c\"} 1\n") {
		t.Error("the played family is missing or not escaped")
	}
	end()
	families := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSuffix(string(e.text()), "\n"), "\n") {
		if match := typeLine.FindStringSubmatch(line); match != nil {
			if families[match[1]] {
				t.Errorf("family %s is there twice", match[1])
			}
			families[match[1]] = true
		} else if !strings.HasPrefix(line, "# HELP ") && !sampleLine.MatchString(line) {
			t.Errorf("not a line of the text format: %q", line)
		}
	}
	for _, name := range []string{
		"go_goroutines", "go_threads", "go_info", "go_gc_duration_seconds", "go_memstats_heap_inuse_bytes",
		"go_sched_gomaxprocs_threads", "go_sched_latencies_seconds", "go_gc_pauses_seconds", "go_gc_cycles_total_gc_cycles_total",
		"process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_resident_memory_bytes",
		"process_start_time_seconds",
	} {
		if !families[name] {
			t.Errorf("no family %s", name)
		}
	}
	if families["played"] {
		t.Error("the played family is still there after its end")
	}
}

func TestPromName(t *testing.T) {
	for _, test := range []struct {
		about metrics.Description
		want  string
	}{
		{metrics.Description{Name: "/sync/mutex/wait/total:seconds", Cumulative: true}, "go_sync_mutex_wait_total_seconds_total"},
		{metrics.Description{Name: "/cpu/classes/gc/mark/assist:cpu-seconds", Cumulative: true}, "go_cpu_classes_gc_mark_assist_cpu_seconds_total"},
		{metrics.Description{Name: "/gc/gogc:percent"}, "go_gc_gogc_percent"},
		{metrics.Description{Name: "/sched/gomaxprocs:threads"}, "go_sched_gomaxprocs_threads"},
		{metrics.Description{Name: "/sched/latencies:seconds", Cumulative: true, Kind: metrics.KindFloat64Histogram}, "go_sched_latencies_seconds"},
	} {
		if got := promName(test.about); got != test.want {
			t.Errorf("%s: got %s, want %s", test.about.Name, got, test.want)
		}
	}
}

func TestHistogramIsRegroupedWithoutLoss(t *testing.T) {
	histogram := &metrics.Float64Histogram{
		Buckets: []float64{math.Inf(-1), 0.001, 0.002, 0.01, 0.05, 0.1, 2, math.Inf(1)},
		Counts:  []uint64{1, 2, 3, 4, 5, 6, 7},
	}
	samples := histogramSamples(histogram, "seconds", 0, false)
	// The boundaries kept are 0.001, 0.01, 0.1 and infinity; nothing above a second is.
	want := []struct {
		le    float64
		count float64
	}{{0.01, 6}, {0.1, 15}, {math.Inf(1), 28}}
	if len(samples) != len(want)+2 {
		t.Fatalf("got %+v", samples)
	}
	for i, bucket := range want {
		if samples[i].Value != bucket.count {
			t.Errorf("le %s: %v, want %v", samples[i].Labels[1], samples[i].Value, bucket.count)
		}
	}
	if le := samples[0].Labels[1]; le != "0.009999999999999998" {
		t.Errorf("le is %s, want the float below 0.01", le)
	}
	if sum, count := samples[3], samples[4]; sum.Suffix != "_sum" || count.Value != 28 {
		t.Errorf("sum %+v, count %+v", sum, count)
	}
}
