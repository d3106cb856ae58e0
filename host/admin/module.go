package admin

import (
	"fmt"
	"slices"
	"sync"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
)

// Use serves the page as the section Admin of the configuration says, see [Options], and
// provides *[Admin]. It needs package host. Until it is called, nothing of this package
// is there.
func Use() fx.Option {
	return fx.Options(config.Configure[Options]("Admin"), mount())
}

// Module is Use for an fx application without the configuration of package host: with
// options from code, and [hosted.Module]. What the application does not have, such as
// jobs, is not shown.
//
// [hosted.Module]: https://pkg.go.dev/github.com/fxhost/fxhost/hosted#Module
func Module(options Options) fx.Option {
	if err := options.Validate(); err != nil {
		return fx.Error(fmt.Errorf("admin: Options: %w", err))
	}
	return fx.Options(fx.Supply(&options), mount())
}

func mount() fx.Option {
	return fx.Module("fxhost.admin",
		fx.Provide(newAdmin),
		hosted.AddHostedService[*service](newService, hosted.Name("admin"), hosted.First()),
	)
}

// Admin tells where the page of a host is. It is injectable as *Admin and safe for
// concurrent use.
type Admin struct {
	keys *keys

	mu        sync.Mutex
	addresses []string
	link      string
}

func newAdmin(o *Options) *Admin { return &Admin{keys: newKeys(o)} }

// Addresses are where the page is served, such as "127.0.0.1:8085", or the path of a unix socket,
// from the moment the host starts; empty if it is disabled.
func (a *Admin) Addresses() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.addresses)
}

// Link opens the page in a browser: it has Token in it, and must not be logged. It is empty
// until the host starts, and if there is only a unix socket.
func (a *Admin) Link() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.link
}

// sources are what is shown. What the application does not have is nil.
type sources struct {
	fx.In

	Services      *hosted.Services
	Lifetime      *hosted.ApplicationLifetime
	Jobs          *background.Jobs  `optional:"true"`
	Queues        *queue.Queues     `optional:"true"`
	Configuration *config.Manager   `optional:"true"`
	Health        *health.Health    `optional:"true"`
	Environment   *host.Environment `optional:"true"`
	Log           *zap.Logger       `optional:"true"`
	Graph         fx.DotGraph       `optional:"true"`
}
