// Package schedule runs things every now and then.
package schedule

import (
	"sync/atomic"
	"time"
)

// Job runs a task at an interval.
type Job struct {
	every time.Duration
	task  func()
	stop  chan struct{}
	runs  int64
}

// Start begins a job.
func Start(every time.Duration, task func()) *Job {
	j := &Job{every: every, task: task, stop: make(chan struct{})}
	go j.loop()
	return j
}

func (j *Job) loop() {
	tick := time.NewTicker(j.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			j.task()
			atomic.AddInt64(&j.runs, 1)
		case <-j.stop:
			return
		}
	}
}

// Stop ends the job.
func (j *Job) Stop() { close(j.stop) }
