package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestOnlyWhatSucceedsIsInTheDatabase(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		items []string
		want  [2]int // orders, items
		err   string
	}{
		"success":              {[]string{"tea", "cup"}, [2]int{1, 2}, ""},
		"failure at the end":   {[]string{"tea", "none"}, [2]int{}, "reserve 1 of none: none left"},
		"failure at the start": {[]string{"none", "tea"}, [2]int{}, "reserve 1 of none: none left"},
		"panic":                {[]string{"tea", "broken"}, [2]int{}, "panic: no shelf"},
		"no items":             {nil, [2]int{1, 0}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, map[string]warehouse{
				"none":   func(context.Context, Item) error { return errors.New("none left") },
				"broken": func(context.Context, Item) error { panic("no shelf") },
			})
			f.send(t, "7", test.items...)
			f.finish(t)

			if got := f.rows(t); got != test.want {
				t.Errorf("%v orders and items, want %v", got, test.want)
			}
			failed := f.Logs.FilterMessage("order failed").FilterField(zap.String("order", "7")).All()
			switch {
			case test.err == "" && len(failed) != 0:
				t.Errorf("failed: %v", failed)
			case test.err != "" && (len(failed) != 1 || failed[0].ContextMap()["error"] != test.err):
				t.Errorf("failed: %v, want one by %s", failed, test.err)
			}
		})
	}
}

// The worker continues after an order that fails, and the connection is free again.
func TestAFailureDoesNotTouchTheNextOrder(t *testing.T) {
	t.Parallel()
	f := setup(t, map[string]warehouse{
		"none":   func(context.Context, Item) error { return errors.New("none left") },
		"broken": func(context.Context, Item) error { panic("no shelf") },
	})
	for i, item := range strings.Fields("tea none tea broken tea") {
		f.send(t, string(rune('a'+i)), "cup", item)
	}
	f.send(t, "a", "tea") // there is an order with that number: the database refuses it
	f.finish(t)

	if got, want := f.rows(t), [2]int{3, 6}; got != want {
		t.Errorf("%v orders and items, want %v", got, want)
	}
	if failed := f.Logs.FilterMessage("order failed").Len(); failed != 4 {
		t.Errorf("%d failed, want 3 and the one that was interrupted", failed)
	}
}

// Whatever the handler does when its context ends, nothing half is left.
func TestAStopInTheMiddleOfAnOrderLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(context.Context) error{
		"the handler gives up": func(ctx context.Context) error { return context.Cause(ctx) },
		// The order is whole in the database or not there: the transaction may not have
		// learned of the stop yet when the handler commits.
		"the handler wants to go on": func(context.Context) error { return nil },
		"the handler panics":         func(context.Context) error { panic("stopped") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inHand := make(chan struct{})
			f := setup(t, map[string]warehouse{"cup": func(ctx context.Context, _ Item) error {
				close(inHand)
				<-ctx.Done()
				return answer(ctx)
			}})
			f.send(t, "1", "tea")
			f.send(t, "2", "tea", "cup", "tea")
			<-inHand
			if err := f.Stop(t.Context()); err != nil {
				t.Error(err)
			}

			want := [2]int{1, 1}
			if f.Logs.FilterMessage("order handled").FilterField(zap.String("order", "2")).Len() == 1 {
				want = [2]int{2, 4}
			}
			if got := f.rows(t); got != want {
				t.Errorf("%v orders and items, want %v", got, want)
			}
		})
	}
}

// An order whose last step is done when the stop comes is committed or rolled
// back as a whole.
func TestAStopAtAnyMomentLeavesWholeOrders(t *testing.T) {
	t.Parallel()
	for range 20 {
		f := setup(t, nil)
		for i := range 50 {
			f.send(t, string(rune('A'+i)), "tea", "cup")
		}
		if err := f.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		got := f.rows(t)
		handled := f.Logs.FilterMessage("order handled").Len()
		if got != [2]int{handled, 2 * handled} {
			t.Errorf("%v orders and items, %d were handled", got, handled)
		}
	}
}
