// Package workers runs jobs in the background.
package workers

import "time"

// Job is a piece of work.
type Job func()

// Pool is a fixed crew that takes jobs from one queue.
type Pool struct {
	jobs chan Job
}

// NewPool hires the crew; the queue holds backlog jobs.
func NewPool(crew, backlog int) *Pool {
	p := &Pool{jobs: make(chan Job, backlog)}
	for i := 0; i < crew; i++ {
		go p.work()
	}
	return p
}

// Hire adds workers, one every interval, until the crew has grown by that many or stop is closed.
func (p *Pool) Hire(more int, every time.Duration, stop <-chan struct{}) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for hired := 0; hired < more; hired++ {
		select {
		case <-tick.C:
			go p.work()
		case <-stop:
			return
		}
	}
}

// Submit queues a job and waits for room.
func (p *Pool) Submit(job Job) { p.jobs <- job }

// Feed submits the same job over and over until stop is closed.
func (p *Pool) Feed(job Job, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			p.Submit(job)
		}
	}
}

// Close sends the crew home once the queue is empty.
func (p *Pool) Close() { close(p.jobs) }

func (p *Pool) work() {
	for job := range p.jobs {
		job()
	}
}
