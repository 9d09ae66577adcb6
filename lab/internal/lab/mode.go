// Package lab makes the shop sick, or busy in a way that only looks sick, and says honestly which function is to blame.
package lab

import (
	"encoding/json"
	"io"
	"sort"
)

// Kind says what a mode is for.
type Kind string

const (
	// Sick modes have a fault that a diagnosis must name.
	Sick Kind = "sick"
	// Healthy modes look suspicious and are not; a diagnosis must stay quiet.
	Healthy Kind = "healthy"
	// Tool modes are neither; measurements use them.
	Tool Kind = "tool"
)

// Evidence is where a running mode shows its culprit.
type Evidence string

const (
	// InGoroutines: a frame of the goroutine profile.
	InGoroutines Evidence = "goroutine"
	// InHeap: a frame of a sample with in-use bytes in the heap profile.
	InHeap Evidence = "heap"
	// InAllocs: a frame of a sample with allocated bytes in the heap profile.
	InAllocs Evidence = "allocs"
	// InCPU: a frame of the CPU profile.
	InCPU Evidence = "cpu"
	// InCrash: a frame of the text that the dying process writes to standard error.
	InCrash Evidence = "crash"
	// Nowhere: no profile can name an own function.
	Nowhere Evidence = "none"
)

// Mode is one way for the shop to be. Its JSON form is an entry of the manifest.
type Mode struct {
	Name        string `json:"name"`
	Kind        Kind   `json:"kind"`
	Title       string `json:"title"`
	Description string `json:"description"`
	// Culprits are exact Go symbols, the one where the fix belongs first. Empty on healthy modes and where no profile
	// can honestly name a function.
	Culprits []string `json:"culprits"`
	// Lures are functions of a healthy mode that stand out in its profiles and that a hasty diagnosis would blame.
	Lures []string `json:"lures,omitempty"`
	// SeenIn is where every run shows the first culprit, or the lures.
	SeenIn Evidence `json:"seenIn"`
	// Rules are the gofire rules that should fire, the best one first.
	Rules []string `json:"rules"`
	// SettleSeconds after the start the mode shows itself.
	SettleSeconds int `json:"settleSeconds"`
	// Scale is the default size, in ScaleUnit.
	Scale     int    `json:"scale"`
	ScaleUnit string `json:"scaleUnit"`
	// MinGo and MaxGo bound the Go releases in which the mode is real; MaxGo may be empty.
	MinGo string `json:"minGo"`
	MaxGo string `json:"maxGo,omitempty"`
	// NeedsRestart: stopping the mode leaves its goroutines, memory or descriptors behind.
	NeedsRestart bool `json:"needsRestart"`

	// alone modes get no browsing visitors besides their own.
	alone bool
	start func(*Site) error
}

// oldestGo is the first Go release that builds the lab, and the default of MinGo.
const oldestGo = "1.19"

// Manifest lists every mode by kind, then in the order of this package.
func Manifest() []Mode {
	modes := make([]Mode, 0, 80)
	for _, group := range groups {
		modes = append(modes, group...)
	}
	order := map[Kind]int{Sick: 0, Healthy: 1, Tool: 2}
	sort.SliceStable(modes, func(i, j int) bool { return order[modes[i].Kind] < order[modes[j].Kind] })
	for i := range modes {
		modes[i].fill()
	}
	return modes
}

// fill spells out the defaults that most modes share.
func (m *Mode) fill() {
	if m.Culprits == nil {
		m.Culprits = []string{}
	}
	if m.Rules == nil {
		m.Rules = []string{}
	}
	if m.SeenIn == "" {
		m.SeenIn = InGoroutines
		if len(m.Culprits)+len(m.Lures) == 0 {
			m.SeenIn = Nowhere
		}
	}
	if m.MinGo == "" {
		m.MinGo = oldestGo
	}
	if m.ScaleUnit == "" {
		m.ScaleUnit = "goroutines"
	}
}

// WriteManifest prints the manifest as indented JSON.
func WriteManifest(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(Manifest())
}

func find(name string) (Mode, bool) {
	for _, mode := range Manifest() {
		if mode.Name == name {
			return mode, true
		}
	}
	return Mode{}, false
}
