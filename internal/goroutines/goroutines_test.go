package goroutines_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/fxhost/fxhost/internal/goroutines"
)

func wait(begun *sync.WaitGroup, end <-chan struct{}) {
	begun.Done()
	<-end
}

// Those that a marked goroutine starts are marked, and one that adopts a mark is; once
// the function has returned, its goroutine is not.
func TestStacksAreThoseOfTheMarkedGoroutines(t *testing.T) {
	t.Parallel()
	var begun, ended sync.WaitGroup
	end := make(chan struct{})
	begun.Add(3)
	var values context.Context
	goroutines.Do(t.Context(), "a \"name\"", func(ctx context.Context) {
		values = ctx //nolint:fatcontext // one that outlives the call is what Adopt is for
		ended.Go(func() { wait(&begun, end) })
		ended.Go(func() { wait(&begun, end) })
	})
	ended.Go(func() {
		goroutines.Adopt(values)
		wait(&begun, end)
	})
	begun.Wait()
	stacks := goroutines.Stacks("a \"name\"")
	if !strings.Contains(stacks, "goroutines_test.wait\n\t") || strings.Contains(stacks, "0x") {
		t.Errorf("stacks:\n%s", stacks)
	}
	if other := goroutines.Stacks("name"); other != "" {
		t.Errorf("stacks of another name:\n%s", other)
	}
	close(end)
	ended.Wait()
}
