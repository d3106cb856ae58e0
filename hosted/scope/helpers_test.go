package scope_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

var errBroken = errors.New("broken")

// The graph of most tests: handler(repo, tx), repo(db, tx), tx(db), and db is a
// singleton.
type (
	db   struct{ name string }
	tx   struct{ db *db }
	repo struct {
		db *db
		tx *tx
	}
	handler struct {
		repo *repo
		tx   *tx
	}
)

func newDB() *db                         { return &db{"main"} }
func newTx(d *db) *tx                    { return &tx{d} }
func newRepo(d *db, t *tx) *repo         { return &repo{d, t} }
func newHandler(r *repo, t *tx) *handler { return &handler{r, t} }

// build makes a foreign fx application with package scope in it.
func build(options ...fx.Option) (*scope.Factory, error) {
	var factory *scope.Factory
	app := fx.New(fx.NopLogger, scope.Module(), fx.Options(options...), fx.Populate(&factory))
	return factory, app.Err()
}

func start(tb testing.TB, options ...fx.Option) *scope.Factory {
	tb.Helper()
	factory, err := build(options...)
	if err != nil {
		tb.Fatalf("build: %v", err)
	}
	return factory
}

// open is a scope of an application of its own, closed by the test's cleanup.
func open(tb testing.TB, options ...fx.Option) *scope.Scope {
	tb.Helper()
	s := start(tb, options...).New(tb.Context())
	tb.Cleanup(func() { closed(tb, s) })
	return s
}

func closed(tb testing.TB, s *scope.Scope) {
	tb.Helper()
	if err := s.Close(context.Background()); err != nil {
		tb.Errorf("close: %v", err)
	}
}

func get[T any](tb testing.TB, s *scope.Scope) T {
	tb.Helper()
	value, err := scope.Get[T](s)
	if err != nil {
		tb.Errorf("get: %v", err)
	}
	return value
}

// wantText asserts the whole text of err, a regular expression in which @ is a
// place in a test file.
func wantText(tb testing.TB, err error, text string) {
	tb.Helper()
	text = strings.ReplaceAll(text, "@", place)
	if err == nil || !regexp.MustCompile(`^(?s:`+text+`)$`).MatchString(err.Error()) {
		tb.Errorf("error:\n got  %v\n want %s", err, text)
	}
}

func wantIs(tb testing.TB, err, target error) {
	tb.Helper()
	if !errors.Is(err, target) {
		tb.Errorf("got error %v, want %v", err, target)
	}
}

// journal is what has happened, in order.
type journal struct {
	mu    sync.Mutex
	notes []string
}

func (j *journal) note(what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, what)
}

// want compares the notes since the last want with a comma-separated list.
func (j *journal) want(tb testing.TB, list string) {
	tb.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if got := strings.Join(j.notes, ", "); got != list {
		tb.Errorf("happened:\n got  %s\n want %s", got, list)
	}
	j.notes = nil
}
