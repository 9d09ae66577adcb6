// Package workers runs jobs in the background.
package workers

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

// Submit queues a job and waits for room.
func (p *Pool) Submit(job Job) { p.jobs <- job }

// Close sends the crew home once the queue is empty.
func (p *Pool) Close() { close(p.jobs) }

func (p *Pool) work() {
	for job := range p.jobs {
		job()
	}
}
