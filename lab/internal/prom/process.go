package prom

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ticksPerSecond is USER_HZ, in which the kernel reports CPU and start times: 100 on every Linux port that Go supports.
const ticksPerSecond = 100

// processFamilies are the default process collector. Where there is no /proc they are empty.
func processFamilies() []Family {
	stat, ok := readStat()
	if !ok {
		return nil
	}
	families := []Family{
		Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", stat.cpuSeconds),
		Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", stat.virtualBytes),
		Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", stat.residentBytes),
		Gauge("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.",
			softLimit(syscall.RLIMIT_AS)),
		Gauge("process_max_fds", "Maximum number of open file descriptors.", softLimit(syscall.RLIMIT_NOFILE)),
	}
	if boot, ok := bootSeconds(); ok {
		families = append(families, Gauge("process_start_time_seconds",
			"Start time of the process since unix epoch in seconds.", boot+stat.startedSeconds))
	}
	if open, ok := openDescriptors(); ok {
		families = append(families, Gauge("process_open_fds", "Number of open file descriptors.", open))
	}
	if received, sent, ok := networkBytes(); ok {
		families = append(families,
			Counter("process_network_receive_bytes_total", "Number of bytes received by the process over the network.", received),
			Counter("process_network_transmit_bytes_total", "Number of bytes sent by the process over the network.", sent))
	}
	return families
}

// CPUSeconds is the processor time that the process has used; 0 where there is no /proc.
func CPUSeconds() float64 {
	stat, _ := readStat()
	return stat.cpuSeconds
}

// ResidentBytes is the resident memory of the process; 0 where there is no /proc.
func ResidentBytes() float64 {
	stat, _ := readStat()
	return stat.residentBytes
}

type procStat struct {
	cpuSeconds, startedSeconds, virtualBytes, residentBytes float64
}

// readStat reads /proc/self/stat, proc_pid_stat(5): after the name in parentheses, utime and stime are fields 14 and
// 15, starttime 22, vsize 23 and rss, in pages, 24.
func readStat() (procStat, bool) {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return procStat{}, false
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	field := func(number int) float64 {
		value, _ := strconv.ParseFloat(fields[number-3], 64)
		return value
	}
	if len(fields) < 22 {
		return procStat{}, false
	}
	return procStat{
		cpuSeconds:     (field(14) + field(15)) / ticksPerSecond,
		startedSeconds: field(22) / ticksPerSecond,
		virtualBytes:   field(23),
		residentBytes:  field(24) * float64(os.Getpagesize()),
	}, true
}

func bootSeconds() (float64, bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "btime ") {
			seconds, err := strconv.ParseFloat(line[len("btime "):], 64)
			return seconds, err == nil
		}
	}
	return 0, false
}

// softLimit is the current limit of a resource; 1.8446744073709552e+19 is no limit.
func softLimit(resource int) float64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(resource, &limit); err != nil {
		return 0
	}
	return float64(limit.Cur)
}

// openDescriptors counts the entries of /proc/self/fd without the one that reading it opens.
func openDescriptors() (float64, bool) {
	entries, err := os.ReadDir("/proc/self/fd")
	return float64(len(entries) - 1), err == nil
}

// networkBytes reads the IpExt line of /proc/self/net/netstat: names on one line, values on the next. It counts the
// whole network namespace.
func networkBytes() (received, sent float64, ok bool) {
	text, err := os.ReadFile("/proc/self/net/netstat")
	if err != nil {
		return 0, 0, false
	}
	var names []string
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "IpExt:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i := 1; i < len(fields) && i < len(names); i++ {
			value, _ := strconv.ParseFloat(fields[i], 64)
			switch names[i] {
			case "InOctets":
				received = value
			case "OutOctets":
				sent = value
			}
		}
		return received, sent, true
	}
	return 0, 0, false
}
