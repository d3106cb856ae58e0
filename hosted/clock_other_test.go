//go:build !unix

package hosted_test

import "time"

// clock is the time of day, where that of the processor is not known.
func clock() time.Duration { return time.Duration(time.Now().UnixNano()) }
