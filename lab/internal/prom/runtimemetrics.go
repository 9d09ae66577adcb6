package prom

import (
	"path"
	"runtime/metrics"
	"strings"
)

// exactSums are the histograms whose exact sum the runtime counts elsewhere.
var exactSums = map[string]string{
	"/gc/heap/allocs-by-size:bytes": "/gc/heap/allocs:bytes",
	"/gc/heap/frees-by-size:bytes":  "/gc/heap/frees:bytes",
}

// runtimeFamilies are all of runtime/metrics except /godebug/, which MetricsAll leaves out as well.
func runtimeFamilies() []Family {
	descriptions := metrics.All()
	samples := make([]metrics.Sample, len(descriptions))
	for i, description := range descriptions {
		samples[i].Name = description.Name
	}
	metrics.Read(samples)
	scalars := make(map[string]float64, len(samples))
	for _, sample := range samples {
		if value, ok := scalarOf(sample.Value); ok {
			scalars[sample.Name] = value
		}
	}
	families := make([]Family, 0, len(samples))
	for i, sample := range samples {
		if strings.HasPrefix(sample.Name, "/godebug/") {
			continue
		}
		if family, ok := runtimeFamily(descriptions[i], sample.Value, scalars); ok {
			families = append(families, family)
		}
	}
	return families
}

func runtimeFamily(about metrics.Description, value metrics.Value, scalars map[string]float64) (Family, bool) {
	family := Family{
		Name: promName(about), Type: "gauge",
		Help: about.Description + " Sourced from " + about.Name + ".",
	}
	if value.Kind() == metrics.KindFloat64Histogram {
		family.Type = "histogram"
		sum, exact := scalars[exactSums[about.Name]]
		_, unit, _ := strings.Cut(about.Name, ":")
		family.Samples = histogramSamples(value.Float64Histogram(), unit, sum, exact)
		return family, true
	}
	scalar, ok := scalarOf(value)
	if about.Cumulative {
		family.Type = "counter"
	}
	family.Samples = []Sample{{Value: scalar}}
	return family, ok
}

// promName turns "/a/b-c:unit" into go_a_b_c_unit, and adds _total to what only rises.
func promName(about metrics.Description) string {
	key, unit, _ := strings.Cut(about.Name, ":")
	subsystem := strings.TrimPrefix(path.Dir(key), "/")
	unit = strings.NewReplacer("-", "_", "*", "_", "/", "_per_").Replace(unit)
	name := "go_" + subsystem + "_" + path.Base(key)
	name = strings.NewReplacer("/", "_", "-", "_").Replace(name) + "_" + unit
	if about.Cumulative && about.Kind != metrics.KindFloat64Histogram {
		name += "_total"
	}
	return name
}

func scalarOf(value metrics.Value) (float64, bool) {
	switch value.Kind() {
	case metrics.KindUint64:
		return float64(value.Uint64()), true
	case metrics.KindFloat64:
		return value.Float64(), true
	}
	return 0, false
}
