package thumbnails

import "syscall"

// Arena is memory for pixels, outside the Go heap.
type Arena struct {
	pixels []byte
}

// NewArena maps that many bytes and touches every page.
func NewArena(bytes int) (*Arena, error) {
	pixels, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(pixels); i += 4096 {
		pixels[i] = 1
	}
	return &Arena{pixels: pixels}, nil
}

// Close gives the memory back.
func (a *Arena) Close() error { return syscall.Munmap(a.pixels) }
