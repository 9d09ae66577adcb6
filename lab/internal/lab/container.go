package lab

import (
	"fmt"
	"runtime/metrics"
	"time"

	"shop/internal/prom"
)

// container plays the figures that cAdvisor and kube-state-metrics would export for the shop's container. The kernel is
// not asked to throttle anything: only the numbers are made up, at the pace of a service whose every second CFS period
// is throttled.
// Names: https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
type container struct {
	cpus  int
	began time.Time
}

const (
	// cfsPeriod is the kernel's default bandwidth period.
	cfsPeriod = 100 * time.Millisecond
	// throttledShare of the periods, and lostPerPeriod seconds of run time lost in each of them.
	throttledShare = 0.6
	lostPerPeriod  = 0.35
)

func newContainer(cpus int) *container { return &container{cpus: cpus, began: time.Now()} }

func (c *container) families() []prom.Family {
	labels := []string{"container", "shop", "namespace", "shop", "pod", "shop-7c9f-x2"}
	played := func(help string) string { return help + " (played by the lab)" }
	periods := float64(time.Since(c.began) / cfsPeriod)
	throttled := float64(int(periods * throttledShare))
	quota := float64(c.cpus) * float64(cfsPeriod/time.Microsecond)
	limit := append([]string{"resource", "cpu", "unit", "core"}, labels...)
	return []prom.Family{
		prom.Counter("container_cpu_cfs_periods_total",
			played("Number of elapsed enforcement period intervals."), periods, labels...),
		prom.Counter("container_cpu_cfs_throttled_periods_total",
			played("Number of throttled period intervals."), throttled, labels...),
		prom.Counter("container_cpu_cfs_throttled_seconds_total",
			played("Total time duration the container has been throttled."), throttled*lostPerPeriod, labels...),
		prom.Counter("container_cpu_usage_seconds_total",
			played("Cumulative cpu time consumed, as the Go runtime estimates it."), usedSeconds(), labels...),
		prom.Gauge("container_spec_cpu_quota",
			played("CPU quota of the container, in microseconds per period."), quota, labels...),
		prom.Gauge("container_spec_cpu_period",
			played("CPU period of the container, in microseconds."), float64(cfsPeriod/time.Microsecond), labels...),
		prom.Gauge("kube_pod_container_resource_limits",
			played(fmt.Sprintf("The number of requested limit resource by a container: %d CPUs.", c.cpus)), float64(c.cpus), limit...),
	}
}

// usedSeconds is the CPU time that the runtime has accounted for and that was not idle; 0 before Go 1.20.
func usedSeconds() float64 {
	samples := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(samples)
	if samples[0].Value.Kind() != metrics.KindFloat64 {
		return 0
	}
	return samples[0].Value.Float64() - samples[1].Value.Float64()
}
