// Package imaging draws product pictures.
package imaging

import "runtime"

// Studio lends canvases and takes them back when nobody uses them any more.
type Studio struct {
	returned chan int
}

// Canvas is a picture in the making.
type Canvas struct {
	pixels []byte
	id     int
}

// NewStudio lends canvases.
func NewStudio() *Studio { return &Studio{returned: make(chan int)} }

// Lend returns a fresh canvas, which comes back by itself.
func (s *Studio) Lend(id int) *Canvas {
	c := &Canvas{pixels: make([]byte, 64<<10), id: id}
	runtime.SetFinalizer(c, s.takeBack)
	return c
}

func (s *Studio) takeBack(c *Canvas) { s.returned <- c.id }

// Draw paints the canvas and returns its checksum.
func (c *Canvas) Draw() int {
	sum := 0
	for i := range c.pixels {
		c.pixels[i] = byte(i * c.id)
		sum += int(c.pixels[i])
	}
	return sum
}
