package exports

import (
	"io"
	"strconv"
)

// Feed writes the product feed for price comparison sites.
type Feed struct {
	// Products is how many lines the feed has.
	Products int
}

// linesPerWrite keeps the number of writes down.
const linesPerWrite = 500

// Write sends the whole feed.
func (f *Feed) Write(out io.Writer) error {
	lines := make([]byte, 0, linesPerWrite*64)
	for n := 0; n < f.Products; n++ {
		lines = append(lines, "sku-"...)
		lines = strconv.AppendInt(lines, int64(n), 10)
		lines = append(lines, ";Garden chair in oak, black or white;19.99 EUR\n"...)
		if n%linesPerWrite == linesPerWrite-1 || n == f.Products-1 {
			if _, err := out.Write(lines); err != nil {
				return err
			}
			lines = lines[:0]
		}
	}
	return nil
}
