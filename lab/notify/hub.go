// Package notify tells customers what happens to their orders.
package notify

// Hub collects messages and sends them in batches.
type Hub struct {
	messages chan string
	sent     int
}

// NewHub sends nothing until it is started.
func NewHub() *Hub { return &Hub{} }

// Start begins to send.
func (h *Hub) Start() {
	h.messages = make(chan string, 64)
	go func() {
		for range h.messages {
			h.sent++
		}
	}()
}

// Tell queues a message.
func (h *Hub) Tell(message string) { h.messages <- message }
