package background

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/observe"
)

// Job is work that comes back: each run is a new value, made in a scope of its
// own that is closed when Run has returned (Quartz: IJob).
type Job interface {
	// Run does the work once. ctx ends when the job is stopped, and should end Run
	// soon after; its error is then ignored if it is ctx's. Any other error, a panic
	// and a runtime.Goexit is a failure of the run, which is logged; the next run
	// comes all the same.
	Run(ctx context.Context) error
}

// AddJob registers the job T, which runs when its trigger says so: one of [Every],
// [Cron], [Continuously], [Once] and [At], or what [FromSection] reads. constructor
// makes T; it is a scoped one, see scope.Provide, so that it may take what lives as
// long as one run.
//
// A job is a hosted service: it has its place in the order of the services,
// starts with the host and stops with it; register it after the services that it
// uses, because it may run before later ones have started. While it waits for its
// next run it costs no goroutine. Runs of one job never overlap. What was due while
// a run went on is made up for by one run at once.
//
// When the host stops the job, no run begins any more, and the context of one that
// goes on ends; it is waited for within the shutdown budget.
//
// A job with no run left has ended by itself. If the last one failed, that is a fault
// of the service, because nothing makes up for it, see hosted.OnFault. A job that
// always has a next run does not keep a host with hosted.Options.StopWhenDone from
// stopping.
//
// The application needs [Module] and scope.Module, or package host. A mistake in
// the call is an error of fx.New that names its line.
func AddJob[T Job](constructor any, options ...JobOption) fx.Option {
	place := caller.Here()
	d, err := declareJob(strings.TrimPrefix(reflect.TypeFor[T]().String(), "*"), options)
	if constructor == nil {
		err = errors.Join(err, fmt.Errorf("constructor is nil, want a function that returns %v", reflect.TypeFor[T]()))
	}
	if err != nil {
		return fx.Error(fmt.Errorf("background: AddJob[%v] at %v: %w", reflect.TypeFor[T](), place, err))
	}
	provide := func(in jobParams, settings *followed) (*jobService[T], error) {
		switch {
		case in.Jobs == nil:
			return nil, fmt.Errorf("background: job %q (%v) has nothing to run it: "+
				"add background.Module() to the options of fx.New, or build the application with package host", d.name, place)
		case in.Scopes == nil:
			return nil, fmt.Errorf("background: job %q (%v) has no scopes to run in: "+
				"add scope.Module() to the options of fx.New, or build the application with package host", d.name, place)
		}
		s := &jobService[T]{scopes: in.Scopes}
		s.jobRunner = jobRunner{declaredJob: d, trigger: d.trigger, jobs: in.Jobs, settings: settings, scoped: s}
		if settings != nil {
			t, off := settings.current()
			s.trigger = t
			s.off.set(off, d.section+":Enabled")
		}
		in.Jobs.add(&s.jobRunner)
		return s, nil
	}
	if d.section == "" {
		return fx.Options(
			scope.Bind[T](constructor),
			hosted.AddHostedService[*jobService[T]](func(in jobParams) (*jobService[T], error) { return provide(in, nil) }, d.service...),
		)
	}
	return fx.Options(
		scope.Bind[T](constructor),
		configureJob[T](d),
		hosted.AddHostedService[*jobService[T]](func(in jobParams, m *config.Monitor[jobSettings[T]]) (*jobService[T], error) {
			return provide(in, follow(m, d))
		}, d.service...),
	)
}

// jobService is the hosted service of the jobs of type T.
type jobService[T Job] struct {
	jobRunner
	scopes *scope.Factory
}

// inScope implements scoped.
func (s *jobService[T]) inScope(ctx context.Context, attempt func(context.Context, Job) error) error {
	return scope.Do(ctx, s.scopes, func(ctx context.Context, job T) error { return attempt(ctx, job) })
}

type jobParams struct {
	fx.In

	Jobs   *Jobs          `optional:"true"`
	Scopes *scope.Factory `optional:"true"`
}

// Module makes the [Jobs] of an fx application. Package host has it already.
func Module() fx.Option {
	return fx.Provide(func(in struct {
		fx.In
		Log       *zap.Logger         `optional:"true"`
		Observers []*observe.Observer `group:"fxhost.observers"`
	},
	) *Jobs {
		if in.Log == nil {
			in.Log = zap.NewNop()
		}
		return &Jobs{log: category.Named(in.Log, "fxhost.jobs"), clock: time.Now, observers: in.Observers}
	})
}
