package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxValue keeps a wrong redirection from becoming a secret, in bytes.
const maxValue = 1 << 20

// value is the second argument or one line of standard input. A person is asked
// for it; what is typed can be seen, because hiding it differs on each system.
func (c command) value(app string, in *os.File, errs io.Writer) (string, error) {
	if len(c.words) == 2 {
		return c.words[1], nil
	}
	if info, err := in.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		if err := write(errs, "value of "+c.words[0]+" of "+app+": "); err != nil {
			return "", err
		}
	}
	return readLine(in)
}

// readLine refuses a second line where it sees one: half a key would be stored.
func readLine(in io.Reader) (string, error) {
	r := bufio.NewReader(io.LimitReader(in, maxValue+2))
	line, err := r.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("standard input: %w", err)
	}
	more := r.Buffered() > 0
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	switch {
	case more:
		return "", errors.New("standard input has more than one line; a secret is one")
	case line == "":
		return "", errors.New(`no value on standard input; write fxhost secrets set KEY "" for an empty one`)
	case len(line) > maxValue:
		return "", fmt.Errorf("standard input has a line of more than %d bytes", maxValue)
	}
	return line, nil
}
