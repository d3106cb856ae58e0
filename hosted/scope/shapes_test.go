package scope_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// What the constructors of these tests take: one value of each kind that is a
// pointer, more pointers, and one of each of the other kinds.
type (
	table  map[string]int
	queue  chan int
	action func() int
	number struct{ a, b, c int }

	made struct{ args []any }
)

func ingredients() fx.Option {
	return scope.Provide(
		func() *tx { return &tx{&db{"tx"}} },
		func() table { return table{"one": 1} },
		func() queue { c := make(queue, 1); c <- 7; return c },
		func() action { n := 41; return func() int { n++; return n } },
		func() *repo { return &repo{db: &db{"repo"}} },
		func() *handler { return &handler{repo: &repo{}} },
		func() reader { return nil },
		func() string { return "text" },
		func() number { return number{1, 2, 3} },
		func() []int { return []int{1, 2} },
		func() fmt.Stringer { return &stringer{"an interface"} },
	)
}

type stringer struct{ text string }

func (s *stringer) String() string { return s.text }

func makes(args ...any) *made { return &made{args} }

// makesOr is makes, or an error if there is one to return.
func makesOr(args ...any) (*made, error) {
	if slices.Contains(args, any("text")) {
		return nil, errBroken
	}
	return &made{args}, nil
}

// Constructors of none to six parameters, of pointers and of others, with and
// without an error, are called with what they take.
func TestConstructorsOfAllShapes(t *testing.T) {
	t.Parallel()
	type params struct {
		fx.In
		Tx   *tx
		List []int
	}
	for i, constructor := range []any{
		func() *made { return makes() },
		func(a *tx) *made { return makes(a) },
		func(a *tx, b table) *made { return makes(a, b) },
		func(a *tx, b table, c queue) *made { return makes(a, b, c) },
		func(a *tx, b table, c queue, d action) *made { return makes(a, b, c, d) },
		func(a *tx, b table, c queue, d action, e *repo) *made { return makes(a, b, c, d, e) },
		func(a *tx, b table, c queue, d action, e *repo, f *handler) *made { return makes(a, b, c, d, e, f) },

		func() (*made, error) { return makesOr() },
		func(a action) (*made, error) { return makesOr(a) },
		func(a queue, b *tx) (*made, error) { return makesOr(a, b) },
		func(a *handler, b *repo, c table) (*made, error) { return makesOr(a, b, c) },
		func(a *repo, b *repo, c *tx, d queue) (*made, error) { return makesOr(a, b, c, d) },
		func(a *tx, b table, c queue, d action, e *repo) (*made, error) { return makesOr(a, b, c, d, e) },
		func(a *tx, b table, c queue, d action, e *repo, f *handler) (*made, error) {
			return makesOr(a, b, c, d, e, f)
		},

		func(a reader) *made { return makes(a) },
		func(a string, b *tx) *made { return makes(a, b) },
		func(a number, b string, c []int) *made { return makes(a, b, c) },
		func(a *tx, b number, c fmt.Stringer, d table) *made { return makes(a, b, c, d) },
		func(a fmt.Stringer, b reader, c *tx, d []int, e queue) (*made, error) { return makesOr(a, b, c, d, e) },
		func(a *tx, b *repo, c *handler, d number, e fmt.Stringer, f action) (*made, error) {
			return makesOr(a, b, c, d, e, f)
		},
		func(a context.Context, b *scope.Scope) (*made, error) { return makesOr(a, b) },
		func(a *scope.Scope) *made { return makes(a) },
		func(a *tx, p params, b string) *made { return makes(a, p.Tx, p.List, b) },

		func(a *tx) (*made, func()) { return makes(a), func() {} },
		func(a *tx, b string) (*made, func() error, error) { return makes(a, b), nil, nil },
		func(a *tx, b *repo) (*made, *stringer) { return makes(a, b), nil },
	} {
		t.Run(fmt.Sprintf("%d %T", i, constructor), func(t *testing.T) {
			t.Parallel()
			s := open(t, ingredients(), scope.Provide(constructor))
			m := get[*made](t, s)
			for _, arg := range m.args {
				checkIngredient(t, s, arg)
			}
			if fn := reflect.TypeOf(constructor); len(m.args) < fn.NumIn() {
				t.Errorf("got %d arguments", len(m.args))
			} else {
				for i, arg := range m.args {
					in := fn.In(min(i, fn.NumIn()-1))
					if in.Kind() != reflect.Interface && in != reflect.TypeFor[params]() && fn.NumIn() == len(m.args) && reflect.TypeOf(arg) != in {
						t.Errorf("got a %T for a %v", arg, in)
					}
				}
			}
			if get[*made](t, s) != m {
				t.Error("made twice")
			}
		})
	}
}

// checkIngredient checks that arg is the value of the scope.
func checkIngredient(t *testing.T, s *scope.Scope, arg any) {
	t.Helper()
	ok := false
	switch arg := arg.(type) {
	case nil:
		ok = get[reader](t, s) == nil
	case *tx:
		ok = arg == get[*tx](t, s) && arg.db.name == "tx"
	case *repo:
		ok = arg == get[*repo](t, s) && arg.db.name == "repo"
	case *handler:
		ok = arg == get[*handler](t, s) && arg.repo != nil
	case table:
		ok = arg["one"] == 1 && reflect.ValueOf(arg).Pointer() == reflect.ValueOf(get[table](t, s)).Pointer()
	case queue:
		ok = arg == get[queue](t, s) && len(arg) == 1
	case action:
		ok = arg() == 42
	case string:
		ok = arg == "text"
	case number:
		ok = arg == number{1, 2, 3}
	case []int:
		ok = slices.Equal(arg, []int{1, 2})
	case *stringer:
		ok = arg == get[fmt.Stringer](t, s) && arg.String() == "an interface"
	case *scope.Scope:
		ok = arg.Context() == s.Context()
	case context.Context:
		ok = arg == s.Context()
	}
	if !ok {
		t.Errorf("got %T %v", arg, arg)
	}
}

// What a constructor makes may be of any kind, too.
func TestResultsOfAllKinds(t *testing.T) {
	t.Parallel()
	type word struct{ p *int }
	n := 5
	s := open(t, fx.Provide(newDB), scope.Provide(
		func(d *db) table { return table{d.name: 1} },
		func(d *db) (queue, error) { c := make(queue, 1); c <- len(d.name); return c, nil },
		func(d *db, q queue) action { return func() int { return len(q) + 1 } },
		func(*db) (unsafe.Pointer, error) { return unsafe.Pointer(&n), nil },
		func(*db) word { return word{&n} },
		func(*db) [1]*int { return [1]*int{&n} },
		func(*db) (**int, error) { p := &n; return &p, nil },
		func(*db) (<-chan string, error) { return nil, nil },
		func(d *db) (fmt.Stringer, error) { return &stringer{d.name}, nil },
		func(d *db, w word, a [1]*int, p unsafe.Pointer, pp **int, m table) (*made, error) {
			return makesOr(d, w.p, a[0], (*int)(p), *pp, m)
		},
	))
	if get[table](t, s)["main"] != 1 || <-get[queue](t, s) != 4 || get[action](t, s)() != 1 || get[fmt.Stringer](t, s).String() != "main" {
		t.Error("got other values")
	}
	for _, arg := range get[*made](t, s).args[1:5] {
		if arg != &n {
			t.Errorf("got %v", arg)
		}
	}
	if get[<-chan string](t, s) != nil {
		t.Error("got a channel")
	}
}

type (
	closingTable  map[string]*journal
	closingAction func(string)
	closingQueue  chan string
)

func (c closingTable) Close() error                   { c["j"].note("table"); return nil }
func (c closingAction) Close(_ context.Context) error { c("action"); return nil }
func (c closingQueue) Close() error                   { close(c); return errBroken }

func TestResultsOfAllKindsAreClosed(t *testing.T) {
	t.Parallel()
	var j journal
	s := start(t, scope.Provide(
		func() closingTable { return closingTable{"j": &j} },
		func(closingTable) (closingAction, error) { return j.note, nil },
		func(closingAction) closingQueue { return make(closingQueue) },
	)).New(t.Context())
	q := get[closingQueue](t, s)
	wantIs(t, s.Close(t.Context()), errBroken)
	if _, open := <-q; open {
		t.Error("the channel is open")
	}
	j.want(t, "action, table")
}

type builder struct{ name string }

func (b *builder) newTx(d *db) *tx               { return &tx{&db{b.name + d.name}} }
func (b builder) newRepo(t *tx) (*repo, error)   { return &repo{db: &db{b.name}, tx: t}, nil }
func newOf[T any](d *db) *plain[T]               { return &plain[T]{&body{here: d.name}} }
func newOfOther[T, U any](p *plain[U]) *plain[T] { return &plain[T]{p.body} }

// Functions that carry something with them.
func TestConstructorsThatAreClosures(t *testing.T) {
	t.Parallel()
	calls := 0
	s := open(t, fx.Provide(newDB), scope.Provide(
		(&builder{"bound "}).newTx, builder{"copied"}.newRepo, newOf[int], newOfOther[string, int],
		func() *made { calls++; return makes(calls) },
		reflect.MakeFunc(reflect.TypeFor[func(*tx, *repo) (*handler, error)](), func(args []reflect.Value) []reflect.Value {
			h := &handler{repo: args[1].Interface().(*repo), tx: args[0].Interface().(*tx)}
			return []reflect.Value{reflect.ValueOf(h), reflect.Zero(reflect.TypeFor[error]())}
		}).Interface(),
		reflect.MakeFunc(reflect.TypeFor[func() (table, error)](), func([]reflect.Value) []reflect.Value {
			return []reflect.Value{reflect.Zero(reflect.TypeFor[table]()), errorValue(errBroken)}
		}).Interface(),
	))
	if name := get[*tx](t, s).db.name; name != "bound main" {
		t.Errorf("got %q", name)
	}
	h := get[*handler](t, s)
	if h.repo.db.name != "copied" || h.repo.tx != h.tx || h.tx != get[*tx](t, s) {
		t.Errorf("got %+v", h)
	}
	if get[*plain[string]](t, s).body != get[*plain[int]](t, s).body || get[*plain[int]](t, s).here != "main" {
		t.Error("got another body")
	}
	if get[*made](t, s).args[0] != 1 || calls != 1 {
		t.Error("called twice")
	}
	_, err := scope.Get[table](s)
	wantIs(t, err, errBroken)
}

// The arguments and results stay alive, and where they are, when the stack grows
// and the garbage is collected in between.
func TestArgumentsSurviveGarbageCollection(t *testing.T) {
	t.Parallel()
	type large struct{ data [64]*int }
	fill := func(n int) *large {
		l := &large{}
		for i := range l.data {
			v := n + i
			l.data[i] = &v
		}
		return l
	}
	type (
		l1 struct{ *large }
		l2 struct{ *large }
		l3 struct{ *large }
		l4 struct{ *large }
	)
	f := start(t,
		scope.Transient(func() *l1 { return &l1{fill(1)} }, func() *l2 { runtime.GC(); return &l2{fill(2)} },
			func() *l3 { deep(200); return &l3{fill(3)} }, func(a *l1) (*l4, error) { runtime.GC(); return &l4{a.large}, nil }),
		scope.Provide(func(a *l1, b *l2, c *l3, d *l4) (*made, error) {
			deep(1000)
			runtime.GC()
			return &made{[]any{a, b, c, d}}, nil
		}))
	for range 5 {
		if err := f.Run(t.Context(), func(m *made) error {
			runtime.GC()
			for i, l := range []*large{m.args[0].(*l1).large, m.args[1].(*l2).large, m.args[2].(*l3).large, m.args[3].(*l4).large} {
				for n, p := range l.data {
					if want := []int{1, 2, 3, 1}[i] + n; *p != want {
						return errors.New("overwritten")
					}
				}
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

func deep(n int) (sum int) {
	var room [64]int
	if n > 0 {
		room[n%64] = deep(n - 1)
	}
	for _, v := range room {
		sum += v
	}
	return sum + 1
}

// A panic comes through a direct call as through any other.
func TestPanicsOfAllShapes(t *testing.T) {
	t.Parallel()
	for i, constructor := range []any{
		func() *made { panic(errBroken) },
		func(*tx, table, queue, action) *made { panic(errBroken) },
		func(*tx, table, queue, action, *repo) *made { panic(errBroken) },
		func(*tx) (*made, error) { panic(errBroken) },
		func(*tx, string) (*made, error) { panic(errBroken) },
		func() (*made, func()) { panic(errBroken) },
	} {
		s := open(t, ingredients(), scope.Provide(constructor))
		_, err := scope.Get[*made](s)
		var p *scope.PanicError
		if !errors.As(err, &p) || !errors.Is(err, errBroken) || len(p.Stack) == 0 {
			t.Errorf("%d: got %v", i, err)
		}
	}
}

// Plans keep values on the stack: they stay alive while it grows and moves, and the
// garbage of many units of work is collected at the same time. The race detector's
// builds check the conversions of pointers, too.
func TestPlansUnderGarbageCollection(t *testing.T) {
	t.Parallel()
	type message struct{ number int }
	type box struct{ p *int }
	pointer := func(n int) *int { return &n }
	f := start(t, scope.Value[*message](), scope.Provide(
		func(m *message) *box { return &box{pointer(m.number)} },
		func(m *message, b *box) (table, error) { return table{"n": m.number - *b.p}, nil },
		func(b *box, m table) queue { c := make(queue, 1); c <- *b.p + m["n"]; return c },
		func(b *box, q queue) (action, error) { deep(50); return func() int { return *b.p - len(q) }, nil },
		func(b *box, m table, q queue, a action) *made { deep(300); return &made{[]any{*b.p, m["n"], <-q, a()}} },
	))
	stop := make(chan struct{})
	var collecting, working sync.WaitGroup
	collecting.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	})
	for g := range 4 {
		working.Go(func() {
			for i := range 500 {
				n := g*1000 + i
				check := func(m *made) error {
					if want := []any{n, 0, n, n}; !slices.Equal(m.args, want) {
						return fmt.Errorf("got %v, want %v", m.args, want)
					}
					return nil
				}
				input := scope.With(&message{n})
				if err := errors.Join(
					f.Run(t.Context(), check, input),
					f.Run(t.Context(), func(m *made, b *box) { deep(100); runtime.KeepAlive(b) }, input),
					scope.Do(t.Context(), f, func(_ context.Context, m *made) error { deep(200); return check(m) }, input),
				); err != nil {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	close(stop)
	collecting.Wait()
}
