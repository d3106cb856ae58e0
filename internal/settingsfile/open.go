package settingsfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Bytes reads a file of at most [MaxSize]. It never waits, as a pipe would make
// it: it opens without waiting and then looks at what it has opened, and reads no
// more than the limit of what grows or does not tell its size.
func Bytes(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, errors.New("is a folder, not a file")
	case !mode.IsRegular():
		return nil, fmt.Errorf("is not a file but a %s", mode.Type())
	case info.Size() > MaxSize:
		return nil, fmt.Errorf("has %d bytes; a file of settings may have %d at most", info.Size(), MaxSize)
	}
	b := make([]byte, 0, info.Size()+1) // one more, so that its end is seen at once
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > MaxSize:
			return nil, fmt.Errorf("has more than %d bytes, the most that a file of settings may have", MaxSize)
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, err
		case len(b) == cap(b):
			b = append(b, make([]byte, 512)...)[:len(b)]
		}
	}
}
