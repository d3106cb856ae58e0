package config

import (
	"fmt"
	"sync"
	"testing"
)

// A program that reads keys it makes up must not grow for it.
func TestWhatWasReadIsRememberedUpToALimit(t *testing.T) {
	m := &Manager{}
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			for k := range 300 {
				m.Get(fmt.Sprintf("Key%d:x", i*200+k))
			}
		})
	}
	readers.Wait()
	if n := len(m.asked.list()); n > maxAsked+1 || !m.asked.all.Load() {
		t.Errorf("%d names are remembered", n)
	}
	if n := testing.AllocsPerRun(100, func() { m.asked.note("key1") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
