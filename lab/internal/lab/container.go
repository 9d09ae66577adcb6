package lab

import (
	"time"

	"shop/internal/prom"
)

// container plays the figures that cAdvisor and kube-state-metrics would export for the shop's container. What the
// process uses is real. The limits are not, and nothing enforces them: throttling is a number at the pace of a service
// that uses its quota up in most CFS periods.
//
// Names: https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md and
// https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/pod-metrics.md
type container struct {
	cpus        int
	memoryBytes int
	began       time.Time
}

const (
	// cfsPeriod is the kernel's default bandwidth period.
	cfsPeriod = 100 * time.Millisecond
	// throttledShare of the periods, and lostSeconds of run time lost in each of them.
	throttledShare = 0.6
	lostSeconds    = 0.35
)

func newContainer(cpus, memoryBytes int) *container {
	return &container{cpus: cpus, memoryBytes: memoryBytes, began: time.Now()}
}

// played marks the HELP of a family that no cAdvisor has measured.
func played(help string) string { return help + " (played by the lab)" }

func containerLabels(more ...string) []string {
	return append(more, "container", "shop", "namespace", "shop", "pod", "shop-7c9f-x2")
}

func (c *container) cpuFamilies() []prom.Family {
	periods := float64(time.Since(c.began) / cfsPeriod)
	throttled := float64(int(periods * throttledShare))
	periodMicros := float64(cfsPeriod / time.Microsecond)
	labels := containerLabels()
	return []prom.Family{
		prom.Counter("container_cpu_cfs_periods_total",
			played("Number of elapsed enforcement period intervals."), periods, labels...),
		prom.Counter("container_cpu_cfs_throttled_periods_total",
			played("Number of throttled period intervals."), throttled, labels...),
		prom.Counter("container_cpu_cfs_throttled_seconds_total",
			played("Total time duration the container has been throttled."), throttled*lostSeconds, labels...),
		prom.Counter("container_cpu_usage_seconds_total",
			played("Cumulative cpu time consumed."), prom.CPUSeconds(), labels...),
		prom.Gauge("container_spec_cpu_quota",
			played("CPU quota of the container."), float64(c.cpus)*periodMicros, labels...),
		prom.Gauge("container_spec_cpu_period",
			played("CPU period of the container."), periodMicros, labels...),
		c.limits(),
	}
}

func (c *container) memoryFamilies() []prom.Family {
	labels := containerLabels()
	return []prom.Family{
		prom.Gauge("container_memory_working_set_bytes",
			played("Current working set of the container."), prom.ResidentBytes(), labels...),
		prom.Gauge("container_memory_rss", played("Size of RSS."), prom.ResidentBytes(), labels...),
		prom.Gauge("container_spec_memory_limit_bytes",
			played("Memory limit for the container."), float64(c.memoryBytes), labels...),
		c.limits(),
	}
}

func (c *container) limits() prom.Family {
	return prom.Family{
		Name: "kube_pod_container_resource_limits", Type: "gauge",
		Help: played("The number of requested limit resource by a container."),
		Samples: []prom.Sample{
			{Labels: containerLabels("resource", "cpu", "unit", "core"), Value: float64(c.cpus)},
			{Labels: containerLabels("resource", "memory", "unit", "byte"), Value: float64(c.memoryBytes)},
		},
	}
}
