package lab_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"shop/internal/lab"
)

// showsWithin is how long a mode may take to show its culprit, however slow the machine.
const showsWithin = 30 * time.Second

// TestModesShowTheirCulprits runs every mode in a process of its own and looks for the functions of the manifest where
// the manifest says they are. Modes that claim to be stoppable are stopped, and their goroutines must be gone.
func TestModesShowTheirCulprits(t *testing.T) {
	for _, mode := range lab.Manifest() {
		mode := mode
		t.Run(mode.Name, func(t *testing.T) {
			if !existsIn(mode, runtime.Version()) {
				t.Skipf("only in Go %s to %s", mode.MinGo, orAny(mode.MaxGo))
			}
			t.Parallel()
			takeTurn(t, mode)
			shop := start(t, "-mode", mode.Name, "-scale", strconv.Itoa(testScale(mode)))
			wanted := append(append([]string{}, mode.Culprits...), mode.Lures...)
			if mode.SeenIn == lab.InCrash {
				expectCrash(t, shop, wanted)
				return
			}
			expectFunctions(t, shop, mode.SeenIn, wanted)
			if !mode.NeedsRestart {
				expectStop(t, shop, mode.Name)
			}
		})
	}
}

// testScale keeps the crowd, which measures and shows nothing, small.
func testScale(mode lab.Mode) int {
	if mode.Kind == lab.Tool {
		return 1000
	}
	return mode.Scale
}

// expectFunctions waits until the first function is where the manifest says and the others are there or in a goroutine.
func expectFunctions(t *testing.T, shop *process, where lab.Evidence, wanted []string) {
	t.Helper()
	var missing []string
	for deadline := time.Now().Add(showsWithin); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		missing = missing[:0]
		goroutines := shop.functions(t, lab.InGoroutines)
		there := goroutines
		if where != lab.InGoroutines && where != lab.Nowhere {
			there = shop.functions(t, where)
		}
		for i, function := range wanted {
			if !there[function] && (i == 0 || !goroutines[function]) {
				missing = append(missing, function)
			}
		}
		if len(missing) == 0 {
			return
		}
	}
	t.Errorf("not in %q: %s", where, strings.Join(missing, ", "))
}

func expectCrash(t *testing.T, shop *process, wanted []string) {
	t.Helper()
	text := shop.waitForCrash(t, showsWithin)
	for _, function := range wanted {
		if !strings.Contains(text, "\n"+function+"(") {
			t.Errorf("%s is not in the crash:\n%s", function, text)
		}
	}
}

// expectStop switches the mode off; what stays are the two listeners, main and the connections of this test.
func expectStop(t *testing.T, shop *process, name string) {
	t.Helper()
	const idleAtMost = 20
	shop.call(t, "DELETE", shop.HTTP, "/lab/modes/"+name)
	goroutines := 0
	for deadline := time.Now().Add(showsWithin); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		goroutines = shop.goroutines(t)
		if goroutines <= idleAtMost {
			return
		}
	}
	t.Errorf("%d goroutines are left after the mode was stopped", goroutines)
}

func TestManifestIsSound(t *testing.T) {
	names := map[string]bool{}
	rule := regexp.MustCompile(`^[a-z]+/[a-z0-9-]+$`)
	symbol := regexp.MustCompile(`^(shop|main)[a-z/]*\.[^ ]+$`)
	for _, mode := range lab.Manifest() {
		if names[mode.Name] {
			t.Errorf("%s is there twice", mode.Name)
		}
		names[mode.Name] = true
		if (mode.Kind == lab.Sick) != (len(mode.Rules) > 0) {
			t.Errorf("%s is %s and has %d rules", mode.Name, mode.Kind, len(mode.Rules))
		}
		if mode.Kind != lab.Sick && len(mode.Culprits) > 0 {
			t.Errorf("%s is %s and blames %v", mode.Name, mode.Kind, mode.Culprits)
		}
		if mode.Title == "" || mode.Description == "" || mode.SettleSeconds < 1 || mode.Scale < 1 {
			t.Errorf("%s is not filled in: %+v", mode.Name, mode)
		}
		for _, id := range mode.Rules {
			if !rule.MatchString(id) {
				t.Errorf("%s: %q is no rule", mode.Name, id)
			}
		}
		for _, function := range append(append([]string{}, mode.Culprits...), mode.Lures...) {
			if !symbol.MatchString(function) {
				t.Errorf("%s: %q is no function of the shop", mode.Name, function)
			}
		}
	}
}

// existsIn tells whether a Go release has the mode.
func existsIn(mode lab.Mode, release string) bool {
	minor := minorOf(release)
	return minor >= minorOf(mode.MinGo) && (mode.MaxGo == "" || minor <= minorOf(mode.MaxGo))
}

// minorOf reads 22 out of "go1.22.12" or "1.22"; a development version counts as newer than all.
func minorOf(release string) int {
	var minor int
	if _, err := fmt.Sscanf(strings.TrimPrefix(release, "go"), "1.%d", &minor); err != nil {
		return 999
	}
	return minor
}

func orAny(release string) string {
	if release == "" {
		return "any"
	}
	return release
}

// turns limits how many modes run at once; those that are busy count for more.
var turns = make(chan struct{}, 8)

func takeTurn(t *testing.T, mode lab.Mode) {
	share := 1
	if mode.SeenIn == lab.InCPU || mode.SeenIn == lab.InAllocs {
		share = 3
	}
	gate.Lock()
	for i := 0; i < share; i++ {
		turns <- struct{}{}
	}
	gate.Unlock()
	t.Cleanup(func() {
		for i := 0; i < share; i++ {
			<-turns
		}
	})
}
