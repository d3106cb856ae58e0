package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/fxhost/fxhost/config"
)

// Handler handles one file: all of it, or nothing. It is scoped, so each file has a
// Handler of its own.
type Handler struct {
	tx      *Tx
	options *config.Snapshot[Options]
}

// NewHandler takes the Tx of the same scope, and options that stay the same until
// the file is done.
func NewHandler(tx *Tx, options *config.Snapshot[Options]) *Handler {
	return &Handler{tx: tx, options: options}
}

// Handle reads lines of the form ARTICLE,COUNT. They replace what the file said
// when it was last handled.
func (h *Handler) Handle(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := csv.NewReader(bytes.NewReader(content))
	lines.FieldsPerRecord = 2
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			h.tx.Commit(filepath.Base(path))
			return nil
		}
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(fields[1])
		if limit := h.options.Value().MaxCount; err != nil || count < 1 || count > limit {
			line, _ := lines.FieldPos(1)
			return fmt.Errorf("line %d: %q: want a count from 1 to %d", line, fields[1], limit)
		}
		h.tx.Add(fields[0], count)
	}
}
