//go:build !unix

package benchmarks

import "time"

var begin = time.Now() //nolint:gochecknoglobals // the zero of now

func now() time.Duration { return time.Since(begin) }
