// Package wire is the database/sql driver of the shop's database: one line per query, its rows as lines, and a line with
// a dot when they are through. Like go-sql-driver/mysql it keeps one goroutine per connection to cancel queries.
package wire

import (
	"bufio"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// Connector dials the database at one address.
type Connector struct {
	Addr string
}

// Driver is part of driver.Connector.
func (c Connector) Driver() driver.Driver { return connDriver{} }

// Connect dials.
func (c Connector) Connect(ctx context.Context) (driver.Conn, error) {
	var dialer net.Dialer
	network, err := dialer.DialContext(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, err
	}
	conn := &conn{
		network: network, rows: bufio.NewReader(network),
		watched: make(chan context.Context), finished: make(chan struct{}), closed: make(chan struct{}),
	}
	go conn.watch()
	return conn, nil
}

type connDriver struct{}

// Open dials the database at addr.
func (connDriver) Open(addr string) (driver.Conn, error) {
	return Connector{Addr: addr}.Connect(context.Background())
}

type conn struct {
	network  net.Conn
	rows     *bufio.Reader
	watched  chan context.Context
	finished chan struct{}
	closed   chan struct{}
}

// watch cuts the connection when the context of the query under way ends.
func (c *conn) watch() {
	for {
		var ctx context.Context
		select {
		case ctx = <-c.watched:
		case <-c.closed:
			return
		}
		select {
		case <-ctx.Done():
			_ = c.network.Close()
			<-c.finished
		case <-c.finished:
		case <-c.closed:
			return
		}
	}
}

// QueryContext sends a query; its rows are read from the connection.
func (c *conn) QueryContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	c.watched <- ctx
	defer func() { c.finished <- struct{}{} }()
	if _, err := fmt.Fprintf(c.network, "%s\n", query); err != nil {
		return nil, driver.ErrBadConn
	}
	first, err := c.readRow()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return &rows{conn: c, next: first, err: err}, nil
}

// readRow returns io.EOF after the last row.
func (c *conn) readRow() (string, error) {
	line, err := c.rows.ReadString('\n')
	if err != nil {
		return "", driver.ErrBadConn
	}
	line = strings.TrimSuffix(line, "\n")
	if line == "." {
		return "", io.EOF
	}
	return line, nil
}

// ExecContext sends a statement and reads over its rows.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	rows, err := c.QueryContext(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return driver.ResultNoRows, rows.Close()
}

// Begin starts a transaction.
func (c *conn) Begin() (driver.Tx, error) { return c.BeginTx(context.Background(), driver.TxOptions{}) }

// BeginTx starts a transaction.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	_, err := c.ExecContext(ctx, "begin", nil)
	return tx{c}, err
}

// Prepare is not needed: every query goes through QueryContext or ExecContext.
func (c *conn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("wire: prepared statements are not supported")
}

// Close drops the connection.
func (c *conn) Close() error {
	close(c.closed)
	return c.network.Close()
}

type tx struct{ conn *conn }

func (t tx) Commit() error   { return t.end("commit") }
func (t tx) Rollback() error { return t.end("rollback") }

func (t tx) end(word string) error {
	_, err := t.conn.ExecContext(context.Background(), word, nil)
	return err
}

type rows struct {
	conn *conn
	next string
	err  error
}

// Columns of every answer: one.
func (r *rows) Columns() []string { return []string{"row"} }

// Next reads one row.
func (r *rows) Next(row []driver.Value) error {
	if r.err != nil {
		return r.err
	}
	row[0] = r.next
	r.next, r.err = r.conn.readRow()
	return nil
}

// Close reads over the rows that are left.
func (r *rows) Close() error {
	for r.err == nil {
		r.next, r.err = r.conn.readRow()
	}
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}
