package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// job is the message of the checks that go through the library.
type job struct {
	Key    string
	Number int
}

func keyOf(j job) string { return j.Key }

// program is an application on a transport of its own.
type program struct {
	app    *fx.App
	jobs   queue.Sender[job]
	queues *queue.Queues
}

// start starts a program that handles jobs.
func (b *bench) start(handle queue.HandlerFunc[job], options ...queue.Option) *program {
	b.Helper()
	p := &program{}
	transport := b.connect()
	options = append([]queue.Option{
		queue.Name(b.name), queue.Takeover(b.takeover), queue.Jitter(0), queue.Backoff(100*time.Millisecond, time.Second),
	}, options...)
	p.app = fx.New(
		fx.NopLogger, hosted.Module(hosted.Options{ShutdownTimeout: 5 * time.Second}), scope.Module(), queue.Module(),
		fx.Provide(zap.NewNop, func() queue.Transport { return transport }),
		queue.Handle[job](func() queue.HandlerFunc[job] { return handle }, options...),
		fx.Populate(&p.jobs, &p.queues),
	)
	b.must(p.app.Start(b.soon()))
	b.Cleanup(func() { b.stop(p) })
	return p
}

// stop gives the handlers half of the patience.
func (b *bench) stop(p *program) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), b.Patience)
	defer cancel()
	if err := p.app.Stop(ctx); err != nil {
		b.Errorf("stop: %v", err)
	}
}

func (p *program) letters(b *bench) (all []queue.DeadLetter) {
	b.Helper()
	for letter, err := range p.queues.DeadLetters(b.soon(), b.name, queue.DeadLetterFilter{}) {
		b.must(err)
		all = append(all, letter)
	}
	return all
}

// until waits until done returns true.
func (b *bench) until(patience time.Duration, what string, done func() bool) {
	b.Helper()
	for begin := time.Now(); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			b.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func retriesEndInADeadLetter(b *bench) {
	const attempts = 3
	var (
		mu     sync.Mutex
		times  []time.Time
		healed bool
		done   int
	)
	p := b.start(func(ctx context.Context, j job) error {
		mu.Lock()
		defer mu.Unlock()
		if info, ok := queue.From(ctx); !ok || !healed && info.Attempt != len(times)+1 || healed && info.Attempt != 1 {
			b.Errorf("attempt %d, %v, after %d", info.Attempt, ok, len(times))
		}
		if healed {
			done++
			return nil
		}
		times = append(times, time.Now())
		return fmt.Errorf("no paper for %d", j.Number)
	}, queue.Attempts(attempts))
	b.must(p.jobs.Send(b.soon(), job{Number: 7}))
	var letters []queue.DeadLetter
	b.until(2*b.Patience, "a dead letter", func() bool {
		letters = p.letters(b)
		return len(letters) > 0
	})
	mu.Lock()
	if len(letters) != 1 || letters[0].Reason != "no paper for 7" || letters[0].Attempts != attempts || len(times) != attempts {
		b.Errorf("dead letters %+v after %d attempts", letters, len(times))
	}
	for i, wait := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond} {
		if i+1 < len(times) {
			b.punctual(times[i+1].Sub(times[i]), wait)
		}
	}
	healed = true
	mu.Unlock()
	n, err := p.queues.Resend(b.soon(), b.name, letters[0].ID)
	b.must(err)
	if n != 1 {
		b.Errorf("sent %d again", n)
	}
	b.until(b.Patience, "it is handled", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return done == 1
	})
	if letters = p.letters(b); len(letters) != 0 {
		b.Errorf("left are %+v", letters)
	}
}

func poisonedBodies(b *bench) {
	q := b.queue()
	poison := map[string]*queue.Envelope{
		"does not decode": {Body: []byte(`{"Number": "seven"`)},
		"content type is": {Body: []byte(`<job/>`), ContentType: "text/xml"},
		"message is a":    {Body: []byte(`{}`), Type: "another"},
	}
	for id, e := range poison {
		e.ID, e.Sent = id, time.Now()
		b.must(q.Send(b.soon(), e))
	}
	foreign := message(`{"Number": 7, "more": true}`) // from somebody who knows nothing but the name
	foreign.Type, foreign.ContentType = "", ""
	b.must(q.Send(b.soon(), foreign))
	handled := make(chan job, 10)
	p := b.start(func(_ context.Context, j job) error {
		handled <- j
		return nil
	})
	select {
	case j := <-handled:
		if j.Number != 7 {
			b.Errorf("got %+v", j)
		}
	case <-b.soon().Done():
		b.Error("what decodes is not handled")
	}
	var letters []queue.DeadLetter
	b.until(b.Patience, "three dead letters", func() bool {
		letters = p.letters(b)
		return len(letters) >= len(poison)
	})
	for _, letter := range letters {
		if letter.Attempts != 1 || !strings.Contains(letter.Reason, letter.Message.ID) {
			b.Errorf("%q became a dead letter after %d attempts because %q", letter.Message.ID, letter.Attempts, letter.Reason)
		}
	}
	if len(letters) != len(poison) || len(handled) > 0 {
		b.Errorf("%d dead letters, %d messages were handled", len(letters), len(handled))
	}
}

func aStopInTheMiddle(b *bench) {
	const all = 1000
	var (
		mu      sync.Mutex
		done    = map[int]int{}
		handled = func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(done)
		}
	)
	handle := func(ctx context.Context, j job) error {
		if j.Number%100 == 50 && handled() < all/2 { // longer than any stop
			<-ctx.Done()
			return ctx.Err()
		}
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		done[j.Number]++
		return nil
	}
	first := b.start(handle, queue.Concurrency(16))
	jobs := make([]job, all)
	for i := range jobs {
		jobs[i].Number = i
	}
	for batch := range slices.Chunk(jobs, 100) {
		b.must(first.jobs.SendAll(b.soon(), batch))
	}
	b.until(4*b.Patience, "some are handled", func() bool { return handled() > 100 })
	b.stop(first)
	mu.Lock()
	before := len(done)
	if before == all {
		b.Error("all were handled before the stop")
	}
	for i := range all { // so that none waits for its context any more
		if done[i] > 1 {
			b.Errorf("%d was handled %d times", i, done[i])
		}
	}
	mu.Unlock()
	second := b.start(func(_ context.Context, j job) error {
		mu.Lock()
		defer mu.Unlock()
		done[j.Number]++
		return nil
	}, queue.Concurrency(16))
	b.until(4*b.Patience, "all are handled", func() bool { return handled() == all })
	time.Sleep(moment)
	b.stop(second)
	for i, times := range done {
		if times != 1 {
			b.Errorf("%d was handled %d times, %d were done at the stop", i, times, before)
		}
	}
}

func orderByKey(b *bench) {
	b.needsOrder()
	const all, keys, partitions = 1000, 20, 4
	var (
		mu     sync.Mutex
		done   = map[string][]int{}
		failed = map[job]bool{}
		active = map[string]bool{}
		total  int
	)
	handle := func(_ context.Context, j job) error {
		mu.Lock()
		if active[j.Key] {
			b.Errorf("two at once have the key %s", j.Key)
		}
		active[j.Key] = true
		mu.Unlock()
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			active[j.Key] = false
		}()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		if j.Number%20 == 3 && !failed[j] {
			failed[j] = true
			return errors.New("try again")
		}
		done[j.Key] = append(done[j.Key], j.Number)
		total++
		return nil
	}
	options := []queue.Option{queue.Ordered(partitions), queue.KeyBy(keyOf), queue.Backoff(20*time.Millisecond, 20*time.Millisecond)}
	first, second := b.start(handle, options...), b.start(handle, options...)
	send := func(from, to int) {
		b.Helper()
		jobs := make([]job, 0, to-from)
		for i := from; i < to; i++ {
			jobs = append(jobs, job{Key: fmt.Sprintf("key %d", i%keys), Number: i})
		}
		b.must(second.jobs.SendAll(b.within(4*b.Patience), jobs))
	}
	handled := func() int {
		mu.Lock()
		defer mu.Unlock()
		return total
	}
	send(0, all/2)
	b.until(6*b.Patience, "some are handled", func() bool { return handled() > all/10 })
	b.stop(first)
	send(all/2, all)
	b.until(12*b.Patience, "all are handled", func() bool { return handled() >= all })
	b.stop(second)
	for key, numbers := range done {
		if !slices.IsSorted(numbers) || len(numbers) != all/keys {
			b.Errorf("%s: %v", key, numbers)
		}
	}
	if len(done) != keys || total != all {
		b.Errorf("%d keys, %d messages", len(done), total)
	}
}
