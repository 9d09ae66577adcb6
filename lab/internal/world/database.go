package world

import (
	"bufio"
	"fmt"
	"io"
	"net"
)

// rowsPerAnswer is what every query returns.
const rowsPerAnswer = 3

// serveSQL answers one line with a few rows and a line with a dot, as package shop/store/wire expects. Answers to
// "begin", "commit" and "rollback" are without delay.
func serveSQL(u Upstream) (string, error) {
	return serveConns(func(conn net.Conn) {
		queries := bufio.NewScanner(conn)
		for queries.Scan() {
			answer := ""
			switch queries.Text() {
			case "begin", "commit", "rollback":
			default:
				u.wait()
				for row := 0; row < rowsPerAnswer; row++ {
					answer += fmt.Sprintf("row-%d\n", row)
				}
			}
			if _, err := io.WriteString(conn, answer+".\n"); err != nil {
				return
			}
		}
	})
}
