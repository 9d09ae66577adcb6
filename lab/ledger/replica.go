package ledger

import (
	"bufio"
	"fmt"
	"net"
)

// Replica is the connection to the ledger's second copy: one line per entry, one line back when it is on disk.
type Replica struct {
	conn net.Conn
	acks *bufio.Reader
}

// DialReplica connects to the second copy.
func DialReplica(addr string) (*Replica, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &Replica{conn: conn, acks: bufio.NewReader(conn)}, nil
}

// Append sends one entry and waits until the copy has it.
func (r *Replica) Append(entry Entry) error {
	if _, err := fmt.Fprintf(r.conn, "%s %d\n", entry.Account, entry.Cents); err != nil {
		return err
	}
	_, err := r.acks.ReadString('\n')
	return err
}

// Close drops the connection.
func (r *Replica) Close() error { return r.conn.Close() }
