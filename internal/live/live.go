// Package live is where packages that know whether a program is live tell those that
// tell a service manager.
package live

import "go.uber.org/fx"

// Check returns why the program has to be restarted, nil if it has not. It looks at the
// program only, and returns at once.
type Check func() error

// Checks are all checks of an application.
type Checks struct {
	fx.In

	All []Check `group:"fxhost.live"`
}

// Provide adds the Check that constructor makes, a function that fx.Provide accepts.
func Provide(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"fxhost.live"`)))
}
