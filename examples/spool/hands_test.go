package main

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestHandsDoNotMoreThanTheirNumberAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy, most atomic.Int32
		h, ctx := newHands(t.Context(), 3)
		begin := time.Now()
		for range 9 {
			h.do(ctx, func(turn) error {
				most.Store(max(most.Load(), busy.Add(1)))
				time.Sleep(time.Second)
				busy.Add(-1)
				return nil
			})
		}
		if err := h.wait(); err != nil || most.Load() != 3 || time.Since(begin) != 3*time.Second {
			t.Errorf("%d at a time, in %v, %v", most.Load(), time.Since(begin), err)
		}
	})
}

func TestHandsTakeTurnsInTheOrderTheyBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		h, ctx := newHands(t.Context(), 4)
		for i := range 8 {
			h.do(ctx, func(turn turn) error {
				time.Sleep(time.Duration(8-i) * time.Second) // the first is the slowest
				if i%3 == 0 {
					return nil // has no use for its turn
				}
				turn.wait()
				got = append(got, i)
				turn.over()
				time.Sleep(time.Hour)
				return nil
			})
		}
		if err := h.wait(); err != nil || !slices.Equal(got, []int{1, 2, 4, 5, 7}) {
			t.Errorf("order was %v, %v", got, err)
		}
	})
}

func TestHandsBeginNothingAfterAnErrorAndFinishTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := errors.New("first"), errors.New("second")
		var begun, finished atomic.Int32
		h, ctx := newHands(t.Context(), 2)
		for i := range 10 {
			h.do(ctx, func(turn) error {
				begun.Add(1)
				time.Sleep(time.Duration(i+1) * time.Second)
				finished.Add(1)
				return []error{first, second}[i%2]
			})
		}
		err := h.wait()
		if !errors.Is(err, first) || !errors.Is(err, second) || err.Error() != "first\nsecond" || begun.Load() != 2 || finished.Load() != 2 {
			t.Errorf("%d begun, %d finished, %v", begun.Load(), finished.Load(), err)
		}
	})
}

func TestHandsBeginNothingAfterTheEndOfTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h, ctx := newHands(ctx, 1)
	cancel()
	for range 100 {
		h.do(ctx, func(turn) error { return errors.New("begun") })
	}
	if err := h.wait(); err != nil {
		t.Error(err)
	}
}
