package host

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxhost/fxhost/internal/caller"
)

// buildEvents listens to fx while it builds, so that an error can name the
// application's lines, and the function that is running.
type buildEvents struct {
	next         fxevent.Logger
	provided     map[string]registration // by the name of the type
	constructors map[string]registration // by the name of the function
	wrapped      []service               // that are not registered yet
	failed       registration
	invoked      string                 // what fx.Invoke has called
	running      atomic.Pointer[string] // a function, nil for none
}

// service is one whose constructor is called through package reflect, so that fx
// names only that.
type service struct{ name, place string }

const reflected = "reflect.makeFuncStub()"

func newBuildEvents(next fxevent.Logger) *buildEvents {
	return &buildEvents{next: next, provided: map[string]registration{}, constructors: map[string]registration{}}
}

func (b *buildEvents) logger() fxevent.Logger { return b }

// LogEvent is called by fx, on the goroutine that builds.
func (b *buildEvents) LogEvent(event fxevent.Event) {
	switch e := event.(type) {
	case *fxevent.Provided:
		b.constructors[e.ConstructorName] = e.StackTrace
		b.register(e.StackTrace, e.Err, e.OutputTypeNames...)
		if r := registration(e.StackTrace); e.ConstructorName == reflected && r.by("hosted.AddHostedService") {
			b.wrapped = append(b.wrapped, service{strings.Join(e.OutputTypeNames, ", "), r.place()})
		}
	case *fxevent.Supplied:
		b.register(e.StackTrace, e.Err, e.TypeName)
	case *fxevent.Decorated:
		b.register(e.StackTrace, e.Err)
	case *fxevent.Replaced:
		b.register(e.StackTrace, e.Err)
	case *fxevent.Invoking:
		b.invoked = ""
		if !caller.Own(e.FunctionName, "") {
			b.invoked = functionName(e.FunctionName) + ", given to fx.Invoke,"
		}
		b.run(b.invoked)
	case *fxevent.BeforeRun:
		b.run(b.constructor(e.Name))
	case *fxevent.Run:
		b.run(b.invoked)
	case *fxevent.Invoked:
		b.invoked = ""
		b.run("")
		// Printed by fx as a function and, on the next line, its place.
		r := registration(strings.Split(strings.ReplaceAll(strings.TrimSuffix(e.Trace, "\n"), "\n\t", " ("), "\n"))
		b.register(r, e.Err)
		if i := slices.IndexFunc(b.wrapped, func(s service) bool { return s.place == r.place() }); i >= 0 {
			b.wrapped = slices.Delete(b.wrapped, i, i+1)
		}
	}
	b.next.LogEvent(event)
}

// listen hears who provides what in a graph, and runs nothing of it: fx invokes what
// the first child module has before all else.
func (b *buildEvents) listen(graph fx.Option) {
	heard := fx.Module("fxhost.listen", fx.Invoke(func() error { return errHeard }))
	_ = fx.New(heard, graph, fx.WithLogger(b.logger)) // fails
	b.failed = nil
}

var errHeard = errors.New("host: the places of the constructors are known")

func (b *buildEvents) run(function string) {
	if function == "" {
		b.running.Store(nil)
		return
	}
	b.running.Store(&function)
}

// constructor is what fx is going to call, "" if that is none of the application's.
func (b *buildEvents) constructor(name string) string {
	switch {
	case name == reflected && len(b.wrapped) == 1:
		return fmt.Sprintf("the constructor of %s, provided at %s,", b.wrapped[0].name, b.wrapped[0].place)
	case name == reflected && len(b.wrapped) > 1:
		var names []string
		for _, s := range b.wrapped {
			names = append(names, s.name)
		}
		return "the constructor of one of " + strings.Join(names, ", ")
	case caller.Own(name, ""):
		return ""
	}
	text := functionName(name)
	if place := b.constructors[name].place(); place != "" {
		text += ", provided at " + place + ","
	}
	return text
}

func (b *buildEvents) register(r registration, err error, types ...string) {
	switch {
	case err == nil:
		for _, t := range types {
			b.provided[t] = r
		}
	case b.failed == nil:
		b.failed = r
	}
}

// functionName is fx's name of a function, or of what fx.Annotate returned,
// without the path of its package.
func functionName(name string) string {
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "fx.Annotate("), "()")
	return name[strings.LastIndex(name, "/")+1:]
}

// registration is the stack of a call that made an fx.Option, each frame as
// "function (file:line)".
type registration []string

// place is the application's line, "" if there is none.
func (r registration) place() string {
	for _, frame := range r {
		switch place, own := located(frame); {
		case strings.HasPrefix(frame, "runtime."):
			return ""
		case !own:
			return place
		}
	}
	return ""
}

// own tells whether fxhost has made the option.
func (r registration) own() bool {
	if len(r) == 0 {
		return false
	}
	_, own := located(r[0])
	return own
}

func located(frame string) (place string, own bool) {
	function, place, _ := strings.Cut(strings.TrimSuffix(frame, ")"), " (")
	file, _, _ := strings.Cut(place, ".go:")
	return place, caller.Own(function, file+".go")
}

// by tells whether a function of fxhost whose name begins so has made the option.
func (r registration) by(function string) bool {
	for _, frame := range r {
		if strings.HasPrefix(frame, "github.com/fxhost/fxhost/"+function) {
			return true
		}
	}
	return false
}
