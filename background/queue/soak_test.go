package queue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
)

// soakTime is how long a soak test runs; make soak sets SOAK.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("SOAK")
	if text == "" {
		return time.Second
	}
	d, err := time.ParseDuration(text)
	must(t, err)
	return d
}

// ledger knows of each message how often it was sent, done, and is being handled.
type ledger struct {
	mu            sync.Mutex
	sent          int
	active        map[int]bool
	done          map[int]int
	last          map[string]int // number that was done last, by customer
	two, disorder int
	behind        int // messages that may have been left behind by a stop
}

func (l *ledger) begin(i invoice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active[i.Number] {
		l.two++
	}
	l.active[i.Number] = true
}

func (l *ledger) end(i invoice, done bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.active, i.Number)
	if !done {
		return
	}
	l.done[i.Number]++
	if i.Number < l.last[i.Customer] {
		l.disorder++
	}
	l.last[i.Customer] = i.Number
}

// handle fails in every way, often.
func (l *ledger) handle(ctx context.Context, i invoice) error {
	l.begin(i)
	done := false
	defer func() { l.end(i, done) }()
	switch rand.IntN(12) {
	case 0:
		return errBroken
	case 1:
		panic("oops")
	case 2:
		runtime.Goexit()
	case 3:
		select {
		case <-time.After(rand.N(20 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	done = true
	return nil
}

func TestSoakMessages(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]queue.Option{
		"unordered": {queue.Concurrency(4)},
		"ordered":   {queue.Ordered(4), queue.KeyBy(customerOf)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &ledger{active: map[int]bool{}, done: map[int]int{}, last: map[string]int{}}
			memory := queue.NewMemory(queue.MemoryOptions{Capacity: 200})
			options := append(options, queue.Attempts(1_000_000), queue.Backoff(time.Millisecond, 3*time.Millisecond))
			var programs sync.WaitGroup
			end := time.Now().Add(soakTime(t))
			for range 2 {
				programs.Go(func() {
					for time.Now().Before(end) {
						l.live(t, memory, options)
					}
				})
			}
			programs.Wait()
			a := start(t, sharing(memory), queue.Handle[invoice](handler(l.handle), options...))
			for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(5 * time.Millisecond) {
				if stats := a.stats(t); stats.Ready+stats.InFlight+stats.Delayed == 0 {
					break
				}
			}
			must(t, a.Stop(t.Context()))
			l.mu.Lock()
			defer l.mu.Unlock()
			t.Logf("%d messages", l.sent)
			twice := 0
			for _, times := range l.done {
				if times != 1 {
					twice++
				}
			}
			if len(l.done) != l.sent || twice > l.behind || l.two > l.behind || name == "ordered" && l.disorder > l.behind {
				t.Errorf("%d sent, %d done, %d twice, %d by two at once, %d out of order, at most %d left behind",
					l.sent, len(l.done), twice, l.two, l.disorder, l.behind)
			}
		})
	}
}

// live is the life of a program that sends and handles for a while.
func (l *ledger) live(t *testing.T, memory *queue.Memory, options []queue.Option) {
	t.Helper()
	a, err := build(sharing(memory), queue.Handle[invoice](handler(l.handle), options...))
	must(t, err)
	must(t, a.Start(t.Context()))
	for end := time.Now().Add(rand.N(50 * time.Millisecond)); time.Now().Before(end); {
		l.mu.Lock() // so that the numbers of a customer are sent in order
		l.sent++
		i := invoice{string(rune('a' + l.sent%7)), l.sent}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		err := a.invoices.Send(ctx, i)
		cancel()
		if err != nil { // it is full
			l.sent--
		}
		l.mu.Unlock()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("send: %v", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond+rand.N(100*time.Millisecond))
	defer cancel()
	err = a.Stop(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded): // the machine is slow; what is left behind may be handled twice
		l.mu.Lock()
		defer l.mu.Unlock()
		l.behind += 4
	case err != nil:
		t.Errorf("stop: %v", err)
	}
}

func TestSoakTasks(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var ran, returned, accepted int
	count := func(n *int) {
		mu.Lock()
		defer mu.Unlock()
		*n++
	}
	for end := time.Now().Add(soakTime(t)); time.Now().Before(end); {
		q, err := queue.NewTaskQueue(queue.TaskQueueOptions{
			Capacity: 1 + rand.IntN(10), Workers: 1 + rand.IntN(4), DropOldest: rand.IntN(2) == 0,
			Returned: func(queue.Task, error) { count(&returned) },
		}, zap.NewNop())
		must(t, err)
		must(t, q.StartAsync(t.Context()))
		var senders sync.WaitGroup
		for range 3 {
			senders.Go(func() {
				for range rand.IntN(100) {
					if q.Enqueue(t.Context(), func(ctx context.Context) error {
						count(&ran)
						switch rand.IntN(10) {
						case 0:
							panic("oops")
						case 1:
							runtime.Goexit()
						case 2:
							select {
							case <-time.After(rand.N(10 * time.Millisecond)):
							case <-ctx.Done():
							}
						}
						return nil
					}) == nil {
						count(&accepted)
					}
				}
			})
		}
		time.Sleep(rand.N(20 * time.Millisecond))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond+rand.N(50*time.Millisecond))
		if err := q.StopAsync(ctx); !errors.Is(err, context.DeadlineExceeded) { // the machine is slow
			must(t, err)
		}
		cancel()
		senders.Wait()
	}
	// A stop that had no time left may have left some behind.
	over := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return ran+returned == accepted
	}
	for begin := time.Now(); !over() && time.Since(begin) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	if ran+returned != accepted || accepted == 0 {
		t.Errorf("%d accepted, %d ran, %d returned", accepted, ran, returned)
	}
	t.Logf("%d tasks", accepted)
}
