package benchmarks

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fxhost/fxhost/hosted/scope"
)

// variant is one way of doing the same unit of work.
type variant struct {
	name  string
	unit  unit
	times []time.Duration // of one unit, a batch each
}

// round is how much processor time a batch of units takes: little, so that a
// disturbance of the machine meets few of them.
const round = 200 * time.Microsecond

// compare runs the variants in turn, and prints the median of each, and its
// ratio to that of the first.
func compare(b *testing.B, variants ...*variant) {
	b.Helper()
	for _, v := range variants {
		v.unit(b) // once, before the clock runs
	}
	for b.Loop() {
		for _, v := range variants {
			v.times = append(v.times, batch(b, v.unit))
		}
	}
	hand := median(variants[0].times)
	for _, v := range variants {
		b.ReportMetric(median(v.times), "ns/"+v.name)
		if v != variants[0] {
			b.ReportMetric(median(v.times)/hand, v.name+"/"+variants[0].name)
		}
	}
	b.ReportMetric(0, "ns/op") // that of a whole turn means nothing
}

func batch(b *testing.B, u unit) time.Duration {
	b.Helper()
	n, begin := 0, now()
	for {
		for range 64 {
			u(b)
		}
		n += 64
		if took := now() - begin; took >= round {
			return took * 1000 / time.Duration(n) // picoseconds
		}
	}
}

// median of picoseconds in nanoseconds.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2]) / 1000
}

// BenchmarkSmall is Tx(DB), Repo(DB, Tx), Handler(Repo, Tx): open a scope, get
// the Handler, close it.
func BenchmarkSmall(b *testing.B) {
	compare(b,
		&variant{name: "hand", unit: smallByHand(b)},
		&variant{name: "run", unit: runs(plainOptions, func(h *handler) error { handlerSink = h; return nil })(b)},
		&variant{name: "plain", unit: ours(plainOptions, &handlerSink)(b)},
		&variant{name: "func", unit: ours(funcOptions, &handlerSink)(b)},
	)
}

// BenchmarkOthers is BenchmarkSmall in other containers.
func BenchmarkOthers(b *testing.B) {
	compare(b,
		&variant{name: "hand", unit: smallByHand(b)},
		&variant{name: "plain", unit: ours(plainOptions, &handlerSink)(b)},
		&variant{name: "dig", unit: digScope(&handlerSink, newTx, newRepo, newHandler)(b)},
		&variant{name: "do", unit: doScope(&handlerSink, smallDo)(b)},
	)
}

// BenchmarkDeep is a chain of ten scoped values.
func BenchmarkDeep(b *testing.B) {
	compare(b,
		&variant{name: "hand", unit: deepByHand(b)},
		&variant{name: "run", unit: runs(deepPlainOptions, func(l *l10) error { deepSink = l; return nil })(b)},
		&variant{name: "plain", unit: ours(deepPlainOptions, &deepSink)(b)},
		&variant{name: "func", unit: ours(deepFuncOptions, &deepSink)(b)},
	)
}

// BenchmarkCalls is what the calls cost by themselves.
func BenchmarkCalls(b *testing.B) {
	ctx := context.Background()
	f := factory(b, plainOptions())
	opened := f.New(ctx)
	compare(b,
		&variant{name: "hand", unit: smallByHand(b)},
		&variant{name: "empty", unit: func(tb testing.TB) {
			if err := f.New(ctx).Close(ctx); err != nil {
				tb.Fatal(err)
			}
		}},
		&variant{name: "again", unit: func(tb testing.TB) {
			var err error
			if handlerSink, err = scope.Get[*handler](opened); err != nil {
				tb.Fatal(err)
			}
		}},
	)
}

// BenchmarkAllocs is for the columns B/op and allocs/op.
func BenchmarkAllocs(b *testing.B) {
	ctx := context.Background()
	f := factory(b, plainOptions())
	opened := f.New(ctx)
	for name, u := range map[string]unit{
		"hand":  smallByHand(b),
		"run":   runs(plainOptions, func(h *handler) error { handlerSink = h; return nil })(b),
		"plain": ours(plainOptions, &handlerSink)(b),
		"func":  ours(funcOptions, &handlerSink)(b),
		"again": func(testing.TB) { handlerSink, _ = scope.Get[*handler](opened) },
		"empty": func(tb testing.TB) {
			if err := f.New(ctx).Close(ctx); err != nil {
				tb.Fatal(err)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			u(b)
			b.ReportAllocs()
			for b.Loop() {
				u(b)
			}
		})
	}
}

// BenchmarkParallel runs units of work on several goroutines: nothing is shared
// between scopes, so it should cost no more than the memory does.
func BenchmarkParallel(b *testing.B) {
	ctx := context.Background()
	f := factory(b, plainOptions())
	work := func(tb testing.TB) {
		s := f.New(ctx)
		if _, err := scope.Get[*handler](s); err != nil {
			tb.Error(err)
		}
		if err := s.Close(ctx); err != nil {
			tb.Error(err)
		}
	}
	for _, goroutines := range []int{1, 2, 8} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			var all sync.WaitGroup
			b.ResetTimer()
			for range goroutines {
				all.Go(func() {
					for range b.N / goroutines {
						work(b)
					}
				})
			}
			all.Wait()
		})
	}
}

// BenchmarkHeld prints the bytes that a million closed scopes have left behind.
func BenchmarkHeld(b *testing.B) {
	const scopes = 1_000_000
	work := ours(plainOptions, &handlerSink)(b)
	work(b)
	for b.Loop() {
		before := inUse()
		for range scopes {
			work(b)
		}
		b.ReportMetric(float64(inUse()-before)/scopes, "B/scope")
	}
	b.ReportMetric(0, "ns/op")
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
