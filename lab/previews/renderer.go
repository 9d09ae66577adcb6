// Package previews renders product previews and keeps the popular ones.
package previews

import "hash/crc32"

// previewBytes is the size of one rendered preview.
const previewBytes = 32 << 10

// Renderer renders previews.
type Renderer struct {
	popular [][]byte
}

// NewRenderer keeps that many popular previews in memory.
func NewRenderer(popular int) *Renderer {
	r := &Renderer{popular: make([][]byte, popular)}
	for i := range r.popular {
		r.popular[i] = paint(i)
	}
	return r
}

// Render draws the previews of a page and returns their checksum.
func (r *Renderer) Render(first, count int) uint32 {
	var sum uint32
	for n := first; n < first+count; n++ {
		sum ^= crc32.ChecksumIEEE(paint(n))
	}
	return sum
}

// Popular returns the checksum of a preview that is kept.
func (r *Renderer) Popular(n int) uint32 { return crc32.ChecksumIEEE(r.popular[n%len(r.popular)]) }

func paint(n int) []byte {
	preview := make([]byte, previewBytes)
	for i := 0; i < len(preview); i += 64 {
		preview[i] = byte(n + i)
	}
	return preview
}
