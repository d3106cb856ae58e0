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

// Job is work that a trigger starts (Quartz: IJob). Each run has a new Job, in a scope
// of its own that is closed when Run has returned.
type Job interface {
	// Run does the work once. ctx ends when the job is stopped. Run should then return
	// soon; the error of ctx is ignored. Any other error, a panic and a runtime.Goexit
	// are failures of the run. They are logged, and the next run comes as usual.
	Run(ctx context.Context) error
}

// AddJob registers the job T. One of the options is its trigger: [Every], [Cron],
// [Continuously], [Once] or [At], or [FromSection], which reads it from the
// configuration. constructor returns a T for each run. It is a scoped constructor, see
// scope.Provide.
//
// A job is a hosted service, and starts and stops with the host. Register it after the
// services that it uses, because it may run before later services have started. A job
// that waits for its next run has no goroutine. Runs of one job never overlap. If runs
// were due during a run, one run follows immediately.
//
// When the job is stopped, no run begins any more, and the context of the current run ends. The host
// waits for that run within the shutdown timeout.
//
// A job without a next run has ended. If its last run failed, this is a fault of the
// service, see hosted.OnFault. A job that always has a next run does not keep a host
// with hosted.Options.StopWhenDone running.
//
// The application needs [Module] and scope.Module, which package host has. A mistake in
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
			setPause(&s.off, off, d.section+":Enabled")
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

// Module makes *[Jobs] injectable, and is needed for [AddJob]. Package host has it
// already.
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
