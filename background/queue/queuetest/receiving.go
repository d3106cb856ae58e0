package queuetest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

func nextEndsWithItsContext(b *bench) {
	q := b.queue()
	r := b.receive(q, 1)
	ctx, cancel := context.WithTimeout(b.Context(), moment)
	defer cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		b.Errorf("error %v, want that of the context", err)
	}
	if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		b.Errorf("error %v at once, want that of the context", err)
	}
	ended := make(chan error)
	go func() {
		_, err := r.Next(b.Context())
		ended <- err
	}()
	b.close(r)
	if err := <-ended; !errors.Is(err, queue.ErrClosed) {
		b.Errorf("error %v of a Next that waited for Close, want ErrClosed", err)
	}
	b.send(q, "unread")
	if _, err := r.Next(b.soon()); !errors.Is(err, queue.ErrClosed) {
		b.Errorf("error %v after Close, want ErrClosed", err)
	}
}

func prefetchBounds(b *bench) {
	const all, prefetch = 10, 3
	q := b.queue()
	for i := range all {
		b.send(q, strconv.Itoa(i))
	}
	greedy := b.receive(q, prefetch)
	var held []queue.Delivery
	for range prefetch {
		held = append(held, b.next(greedy))
	}
	b.nothing(greedy, moment)
	other := b.receive(b.open(b.connect(), b.spec()), all)
	for range all - prefetch {
		b.ack(b.next(other))
	}
	b.nothing(other, moment)
	b.ack(held...)
}

func aMessageIsWithOneReceiver(b *bench) {
	q := b.queue()
	b.send(q, "one")
	holder := b.receive(q, 1)
	other := b.receive(b.open(b.connect(), b.spec()), 1)
	d := b.nextIs(holder, "one")
	for begin := time.Now(); time.Since(begin) < 2*b.takeover; {
		b.nothing(other, b.takeover/4)
		b.must(d.Extend(b.soon()))
	}
	b.ack(d)
	b.nothing(other, moment)
}

func manyGoroutines(b *bench) {
	const all, goroutines = 400, 8
	q := b.queue()
	r := b.receive(q, 2*goroutines)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]int{}
	)
	for range goroutines {
		wg.Go(func() {
			for {
				d, err := r.Next(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				seen[string(d.Message().Body)]++
				mu.Unlock()
				if err := errors.Join(d.Extend(b.soon()), d.Ack(b.soon())); err != nil {
					b.Errorf("settle: %v", err)
				}
				mu.Lock()
				if len(seen) == all {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	for i := range goroutines {
		wg.Go(func() {
			for j := range all / goroutines {
				if err := q.Send(b.Context(), message(strconv.Itoa(i*all+j))); err != nil {
					b.Errorf("send: %v", err)
				}
			}
		})
	}
	wg.Wait()
	for body, times := range seen {
		if times != 1 {
			b.Errorf("%s came %d times", body, times)
		}
	}
}

func nothingIsLost(b *bench) {
	const all = 10_000
	q, other := b.queue(), b.open(b.connect(), b.spec())
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		acked = map[string]int{}
	)
	for _, q := range []queue.Queue{q, other} {
		r := b.receive(q, 100)
		for range 4 {
			wg.Go(func() {
				for {
					d, err := r.Next(ctx)
					if err != nil {
						return
					}
					body := string(d.Message().Body)
					if d.Attempt() == 1 && len(body) == 9 { // every tenth
						if err := d.Nack(b.Context(), 0); err != nil {
							b.Errorf("nack: %v", err)
						}
						continue
					}
					if err := d.Ack(b.Context()); err != nil {
						b.Errorf("ack: %v", err)
					}
					mu.Lock()
					if acked[body]++; len(acked) == all {
						cancel()
					}
					mu.Unlock()
				}
			})
		}
	}
	for first := 0; first < all; first += 100 {
		var batch []*queue.Envelope
		for i := range 100 {
			batch = append(batch, message(number(first+i)))
		}
		if err := q.Send(ctx, batch...); err != nil {
			b.Errorf("send: %v", err)
		}
	}
	wg.Wait()
	for body, times := range acked {
		if times != 1 {
			b.Errorf("%s was acked %d times", body, times)
		}
	}
}

// number is i; every tenth has letters behind it.
func number(i int) string {
	return strconv.Itoa(100_000+i) + strings.Repeat("x", i%10/9*3)
}

func attemptCounts(b *bench) {
	q := b.queue()
	b.send(q, "m")
	r := b.receive(q, 1)
	for want := 1; want <= 5; want++ {
		d := b.nextIs(r, "m")
		if d.Attempt() != want {
			b.Errorf("attempt %d, want %d", d.Attempt(), want)
		}
		if want < 5 {
			b.must(d.Nack(b.soon(), 0))
		} else {
			b.ack(d)
		}
	}
}
