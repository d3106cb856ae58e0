package hosted_test

import (
	"os"
	ossignal "os/signal"
	"testing"

	"go.uber.org/goleak"
)

// The first signal.Notify of a process starts a goroutine that never ends. In a
// bubble of synctest, where fx might call it, the bubble could not end either.
func TestMain(m *testing.M) {
	signals := make(chan os.Signal, 1)
	ossignal.Notify(signals, os.Interrupt)
	ossignal.Stop(signals)
	goleak.VerifyTestMain(m)
}
