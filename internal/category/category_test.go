package category_test

import (
	"log/slog"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/internal/category"
)

// nameCore notes the category it was made for.
type nameCore struct {
	zapcore.Core
	category string
}

func (c nameCore) ForCategory(name string) zapcore.Core {
	return nameCore{Core: c.Core, category: name}
}

func TestNamedAsksTheCoreForTheFullName(t *testing.T) {
	t.Parallel()
	core, _ := observer.New(zapcore.DebugLevel)

	log := category.Named(category.Named(zap.New(nameCore{Core: core}), "orders"), "import")

	got, ok := log.Core().(nameCore)
	if !ok || got.category != "orders.import" || log.Name() != "orders.import" {
		t.Errorf("core %#v, name %q; want category and name orders.import", log.Core(), log.Name())
	}
}

func TestNamedOnlyNamesOtherLoggers(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.DebugLevel)

	category.Named(zap.New(core), "orders").Info("hello")
	category.Named(zap.NewNop(), "orders").Info("hello")

	if got := logs.All(); len(got) != 1 || got[0].LoggerName != "orders" {
		t.Errorf("entries %v, want one of logger orders", got)
	}
}

func TestNamedWithoutANameKeepsTheLogger(t *testing.T) {
	t.Parallel()
	core, _ := observer.New(zapcore.DebugLevel)

	log := category.Named(zap.New(nameCore{Core: core, category: "orders"}).Named("orders"), "")

	if got := log.Core().(nameCore).category; got != "orders" {
		t.Errorf("category %q, want orders", got)
	}
}

// nameHandler notes the category it was made for.
type nameHandler struct {
	slog.Handler
	category string
}

func (h nameHandler) ForCategory(name string) slog.Handler {
	return nameHandler{Handler: h.Handler, category: category.Join(h.category, name)}
}

func TestNamedSlogAsksTheHandlerForTheNameBelowItsOwn(t *testing.T) {
	t.Parallel()

	log := category.NamedSlog(category.NamedSlog(slog.New(nameHandler{Handler: slog.DiscardHandler}), "orders"), "import")

	if got, ok := log.Handler().(nameHandler); !ok || got.category != "orders.import" {
		t.Errorf("handler %#v, want category orders.import", log.Handler())
	}
}

func TestNamedSlogLeavesOtherLoggersAsTheyAre(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)

	if got := category.NamedSlog(log, "orders"); got != log {
		t.Errorf("got %v, want the same logger", got)
	}
}

func TestJoinIsWhatZapNames(t *testing.T) {
	t.Parallel()
	for _, parent := range []string{"", "orders", "a.b"} {
		for _, name := range []string{"", "import"} {
			if got, want := category.Join(parent, name), zap.NewExample().Named(parent).Named(name).Name(); got != want {
				t.Errorf("Join(%q, %q) is %q, want %q", parent, name, got, want)
			}
		}
	}
}
