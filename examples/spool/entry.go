package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Entry is one line of the ledger: an order and where it came from.
type Entry struct {
	Order
	TotalCents int64     `json:"totalCents"`
	Source     string    `json:"source"` // name of the input file
	SHA256     string    `json:"sha256"` // of the content of the input file
	RecordedAt time.Time `json:"recordedAt"`
}

// NewEntry returns the entry of an order that was read from body.
func NewEntry(order *Order, source string, body []byte) *Entry {
	sum := sha256.Sum256(body)
	return &Entry{
		Order:      *order,
		TotalCents: order.TotalCents(),
		Source:     source,
		SHA256:     hex.EncodeToString(sum[:]),
		RecordedAt: time.Now().UTC(),
	}
}

// Receipt is what the ledger remembers of an order.
type Receipt struct {
	Source string // name of the input file
	SHA256 string // of its content
}

// records is what a ledger file holds.
type records struct {
	receipts map[string]Receipt // by order id
	lines    int
	size     int64  // of the whole records, in bytes
	torn     []byte // what follows them: an incomplete record
}

// readRecords reads a ledger. Only the last line can be torn. If any other line is
// invalid, or an id occurs twice, the error names the line.
func readRecords(file io.Reader) (*records, error) {
	all := &records{receipts: map[string]Receipt{}}
	lines := map[string]int{}
	in := bufio.NewReaderSize(file, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			all.torn = line // even if it is valid: without its newline it was not flushed
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		id, receipt, err := readRecord(line)
		if err != nil {
			if _, end := in.Peek(1); errors.Is(end, io.EOF) {
				all.torn = line // after a power failure, pages of it may be missing
				return all, nil
			}
			return nil, fmt.Errorf("line %d: %w: restore the file from a copy, or repair this line", all.lines+1, err)
		}
		all.lines++
		all.size += int64(len(line))
		if first, twice := lines[id]; twice {
			return nil, fmt.Errorf("line %d: order %q is on line %d already: remove one of them", all.lines, id, first)
		}
		lines[id], all.receipts[id] = all.lines, receipt
	}
}

// readRecord reads what the worker needs from a line. It does not validate the order
// again, because the rules may have changed.
func readRecord(line []byte) (id string, _ Receipt, _ error) {
	var entry struct{ ID, Source, SHA256 string }
	if err := json.Unmarshal(line, &entry); err != nil {
		return "", Receipt{}, fmt.Errorf("not a record: %w", err)
	}
	if sum, err := hex.DecodeString(entry.SHA256); err != nil || len(sum) != sha256.Size || entry.ID == "" || entry.Source == "" {
		return "", Receipt{}, errors.New("not a record: id, source and sha256 are needed")
	}
	return entry.ID, Receipt{Source: entry.Source, SHA256: entry.SHA256}, nil
}
