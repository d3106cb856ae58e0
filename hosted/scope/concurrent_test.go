package scope_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// DI-15: whoever comes at the same time gets the same, and all of it is closed
// once.
func TestManyGoroutinesOnOneScope(t *testing.T) {
	t.Parallel()
	var made, closes [3]atomic.Int32
	counted := func(i int) func() { made[i].Add(1); return func() { closes[i].Add(1) } }
	f := start(t, fx.Provide(newDB), scope.Provide(
		func(d *db) (*tx, func()) { return &tx{d}, counted(0) },
		func(d *db, x *tx) (*repo, func(), error) { return &repo{d, x}, counted(1), nil },
	), scope.Func(func(s *scope.Scope) (*handler, error) {
		x, err := scope.Get[*tx](s)
		if err != nil {
			return nil, err
		}
		r, err := scope.Get[*repo](s)
		return &handler{r, x}, err
	}), scope.Transient(func(*tx) (*noting, func()) { return &noting{}, counted(2) }))
	for range 100 {
		var all sync.WaitGroup
		s := f.New(t.Context())
		handlers := make([]*handler, 16)
		for i := range handlers {
			all.Go(func() {
				switch i % 4 {
				case 0:
					get[*tx](t, s)
				case 1:
					get[*repo](t, s)
				case 2:
					get[*noting](t, s)
				}
				handlers[i] = get[*handler](t, s)
			})
		}
		all.Wait()
		for _, h := range handlers {
			if h == nil || h != handlers[0] || h.tx != h.repo.tx {
				t.Fatalf("got %v", handlers)
			}
		}
		closed(t, s)
	}
	for i, want := range []int32{100, 100, 400} {
		if m, c := made[i].Load(), closes[i].Load(); m != want || c != want {
			t.Errorf("%d: %d made, %d closed", i, m, c)
		}
	}
}

func TestManyScopesAtOnce(t *testing.T) {
	t.Parallel()
	type message struct{ id int }
	type reply struct {
		id int
		tx *tx
	}
	var closes atomic.Int32
	f := start(t, fx.Provide(newDB), scope.Value[message](),
		scope.Provide(newRepo, newHandler, func(d *db) (*tx, func()) { return &tx{d}, func() { closes.Add(1) } }),
		scope.Provide(func(m message, h *handler) *reply { return &reply{m.id, h.tx} }))
	var (
		all  sync.WaitGroup
		seen sync.Map
	)
	const goroutines, each = 8, 200
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				id := g*each + i
				if err := f.Run(t.Context(), func(r *reply, x *tx) error {
					if _, twice := seen.LoadOrStore(r.tx, id); twice || r.id != id || r.tx != x {
						return errors.New("got the value of another scope")
					}
					return nil
				}, scope.With(message{id})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := closes.Load(); n != goroutines*each {
		t.Errorf("%d closed", n)
	}
}

// Gets, and several Closes, at once: what is made is closed once, and who gets
// no value gets ErrClosed.
func TestGetAndCloseAtOnce(t *testing.T) {
	t.Parallel()
	var made, closes atomic.Int32
	counted := func() func(context.Context) error {
		made.Add(1)
		return func(context.Context) error { closes.Add(1); return nil }
	}
	f := start(t, fx.Provide(newDB), scope.Provide(
		func(d *db) (*tx, func(context.Context) error) { return &tx{d}, counted() },
		newRepo,
		func(r *repo, x *tx) (*handler, func(context.Context) error, error) {
			return &handler{r, x}, counted(), nil
		},
	))
	for range 300 {
		var all sync.WaitGroup
		s := f.New(t.Context())
		for i := range 8 {
			all.Go(func() {
				if i%4 == 3 {
					closed(t, s)
					return
				}
				h, err := scope.Get[*handler](s)
				if err != nil && !errors.Is(err, scope.ErrClosed) {
					t.Error(err)
				}
				if err == nil && h.tx != h.repo.tx {
					t.Error("got two in one scope")
				}
			})
		}
		all.Wait()
	}
	if made.Load() != closes.Load() {
		t.Errorf("%d made, %d closed", made.Load(), closes.Load())
	}
}

// The first who ask for many types at once make the chunks of the list too.
func TestManyTypesAtOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	var options []fx.Option
	for _, k := range kinds {
		options = append(options, k.provide(func() *body { calls.Add(1); return &body{} }))
	}
	f := start(t, options...)
	for range 30 {
		calls.Store(0)
		s := f.New(t.Context())
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range kinds {
					if _, err := kinds[(i+g*5)%len(kinds)].get(s); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		closed(t, s)
		if n := calls.Load(); int(n) != len(kinds) {
			t.Errorf("%d calls", n)
		}
	}
}

// Failing constructors do not make others wait forever, nor fail.
func TestFailuresAtOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	f := start(t, fx.Provide(newDB), scope.Provide(newRepo, func(d *db) (*tx, error) {
		switch calls.Add(1) % 4 {
		case 1:
			return nil, errBroken
		case 2:
			panic(errBroken)
		default:
			return &tx{d}, nil
		}
	}))
	for range 100 {
		var all sync.WaitGroup
		s := f.New(t.Context())
		for range 8 {
			all.Go(func() {
				for {
					r, err := scope.Get[*repo](s)
					if err == nil {
						if r.tx != get[*tx](t, s) {
							t.Error("got another value")
						}
						return
					}
					wantIs(t, err, errBroken)
				}
			})
		}
		all.Wait()
		closed(t, s)
	}
}

// Goroutines that own something at the same time lose none of it, and each has
// its own closed from the newest to the oldest.
func TestManyClosersAtOnce(t *testing.T) {
	t.Parallel()
	const goroutines, each = 4, 20000
	var (
		all  sync.WaitGroup
		next [goroutines]int // touched by one goroutine at a time
		last [goroutines]int
	)
	type owner struct{ id, number int }
	f := start(t, scope.Transient(func() (*owner, func(context.Context) error) {
		o := &owner{}
		return o, func(context.Context) error {
			if last[o.id] != 0 && last[o.id] != o.number+1 {
				return errBroken
			}
			last[o.id] = o.number
			return nil
		}
	}))
	s := f.New(t.Context())
	begin := make(chan struct{})
	for id := range goroutines {
		all.Go(func() {
			<-begin
			for range each {
				next[id]++
				*get[*owner](t, s) = owner{id, next[id]}
			}
		})
	}
	close(begin)
	all.Wait()
	closed(t, s)
	for id, number := range last {
		if number != 1 {
			t.Errorf("goroutine %d: the last closed is %d", id, number)
		}
	}
}
