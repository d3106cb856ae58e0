// Package outline is what the options of an application say about it before it is
// built.
package outline

import (
	"slices"
	"strings"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Outline is all that the options say.
type Outline struct {
	Ports    []Port    // by key
	Sections []Section // by name
	Notifies bool      // the program tells systemd what it does
}

// Port is something that listens where a setting says.
type Port struct {
	Name    string // for a port of Kubernetes
	Key     string // of the setting with the Urls
	Else    string // the key that counts if Key is not there, "" for none
	Default string // Urls to listen on in a container if there is neither
}

// Section is a type that sections of the configuration are read into. The functions
// take the *config.Manager.
type Section struct {
	Name string

	Claim func(manager any)       // tells of the sections, before any is checked
	Check func(manager any) error // reads and checks them
}

// DeclarePort adds a Port to the options of an application.
func DeclarePort(p Port) fx.Option { return declare(p, `group:"fxhost.outline.ports"`) }

// DeclareSection adds a Section to the options of an application.
func DeclareSection(s Section) fx.Option { return declare(s, `group:"fxhost.outline.sections"`) }

// DeclareNotifier adds to the options of an application that it tells systemd what it
// does.
func DeclareNotifier() fx.Option { return declare(notifier{}, `group:"fxhost.outline.notifiers"`) }

type notifier struct{}

func declare[T any](value T, tag string) fx.Option {
	return fx.Provide(fx.Annotate(func() T { return value }, fx.ResultTags(tag)))
}

// Of returns the Outline of the options. No constructor of the application is called: fx
// makes its logger before anything else, and a logger may take what it likes. That
// this one panics keeps fx from making those of modules, which may take values of the
// application. ok is false if fx cannot use the options.
func Of(options ...fx.Option) (o Outline, ok bool) {
	type enough struct{}
	const mark = "\x00" // which fx does not take after what it cannot use
	defer func() {
		if value := recover(); value != nil {
			if _, is := value.(enough); !is {
				panic(value)
			}
		}
	}()
	fx.New(fx.Options(options...), DeclarePort(Port{Name: mark}), fx.Logger(nowhere{}), fx.WithLogger(func(in struct {
		fx.In
		Ports    []Port    `group:"fxhost.outline.ports"`
		Sections []Section `group:"fxhost.outline.sections"`

		Notifiers []notifier `group:"fxhost.outline.notifiers"`
	},
	) fxevent.Logger {
		o.Ports = slices.DeleteFunc(slices.Clone(in.Ports), func(p Port) bool { return p.Name == mark })
		ok = len(o.Ports) < len(in.Ports)
		o.Sections = in.Sections
		o.Notifies = len(in.Notifiers) > 0
		// The order of a group is not fixed.
		slices.SortFunc(o.Ports, func(a, b Port) int { return strings.Compare(a.Key, b.Key) })
		slices.SortFunc(o.Sections, func(a, b Section) int { return strings.Compare(a.Name, b.Name) })
		panic(enough{})
	}))
	return o, ok
}

type nowhere struct{}

func (nowhere) Printf(string, ...any) {}
