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

func start(t testing.TB, options ...fx.Option) *scope.Factory {
	t.Helper()
	factory, err := build(options...)
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	return factory
}

// open is a scope of an application of its own, closed by the test's cleanup.
func open(t testing.TB, options ...fx.Option) *scope.Scope {
	t.Helper()
	s := start(t, options...).New(t.Context())
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t testing.TB, s *scope.Scope) {
	t.Helper()
	if err := s.Close(context.Background()); err != nil { //nolint:usetesting // a cleanup has no other
		t.Errorf("close: %v", err)
	}
}

func get[T any](t testing.TB, s *scope.Scope) T {
	t.Helper()
	value, err := scope.Get[T](s)
	if err != nil {
		t.Errorf("get: %v", err)
	}
	return value
}

// wantText asserts the whole text of err, a regular expression in which @ is a
// place in a test file.
func wantText(t testing.TB, err error, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, "@", `\(\S+_test\.go:\d+\)`)
	if err == nil || !regexp.MustCompile(`^(?s:`+text+`)$`).MatchString(err.Error()) {
		t.Errorf("error:\n got  %v\n want %s", err, text)
	}
}

func wantIs(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("got error %v, want %v", err, target)
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
func (j *journal) want(t testing.TB, list string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if got := strings.Join(j.notes, ", "); got != list {
		t.Errorf("happened:\n got  %s\n want %s", got, list)
	}
	j.notes = nil
}
