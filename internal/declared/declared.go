// Package declared is what the options of an application say about it before it is
// built.
package declared

import (
	"slices"
	"strings"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Port is something that listens where a setting says.
type Port struct {
	Name    string // short, lower case, for a port of Kubernetes
	Key     string // of the setting with the Urls
	Default string // Urls to listen on in a container if the setting is not there
}

// Declare adds a Port to the options of an application.
func Declare(p Port) fx.Option {
	return fx.Provide(fx.Annotate(func() Port { return p }, fx.ResultTags(`group:"fxhost.ports"`)))
}

// Ports are those in the options. No constructor of the application is called: fx makes
// its logger before anything else, and a logger may take what it likes. That this one
// panics keeps fx from making those of modules, which may take values of the application.
// ok is false if fx cannot use the options.
func Ports(options ...fx.Option) (ports []Port, ok bool) {
	type enough struct{}
	mark := Port{Name: "\x00"} // which fx does not take after what it cannot use
	defer func() {
		if value := recover(); value != nil {
			if _, is := value.(enough); !is {
				panic(value)
			}
		}
	}()
	fx.New(fx.Options(options...), Declare(mark), fx.Logger(nowhere{}), fx.WithLogger(func(in struct {
		fx.In
		Ports []Port `group:"fxhost.ports"`
	},
	) fxevent.Logger {
		marked := len(in.Ports)
		ports = slices.DeleteFunc(in.Ports, func(p Port) bool { return p == mark })
		ok = len(ports) < marked
		// The order of a group is not fixed.
		slices.SortFunc(ports, func(a, b Port) int { return strings.Compare(a.Key, b.Key) })
		panic(enough{})
	}))
	return ports, ok
}

type nowhere struct{}

func (nowhere) Printf(string, ...any) {}
